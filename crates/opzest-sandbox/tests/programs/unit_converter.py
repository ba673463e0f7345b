FACTORS = {"m": 1, "km": 1000, "cm": 0.01, "mi": 1609.344, "ft": 0.3048}
def convert(value, source, target): return value * FACTORS[source] / FACTORS[target]
for value, source, target in [(1, "mi", "km"), (100, "ft", "m"), (42.195, "km", "mi")]:
    print(f"{value} {source} = {convert(value, source, target):.4f} {target}")
try: convert(1, "m", "ly")
except KeyError as error: print("unknown unit", error)
print([(c, round(c * 9 / 5 + 32, 1)) for c in (-40, 0, 36.6, 100)])
