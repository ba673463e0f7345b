import math
for degrees in range(0, 360, 30):
    print(f"{degrees:4} " + " " * round(12 + 12 * math.sin(math.radians(degrees))) + "*")
data = {"mon": 3, "tue": 7, "wed": 5}
for level in range(7, 0, -2): print(f"{level} " + "  ".join("█" if v >= level else " " for v in data.values()))
