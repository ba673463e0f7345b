import inspect, pprint
def f(a, b=1, *args, key, **more): "Doc."
print(inspect.signature(f), inspect.getdoc(f), inspect.isfunction(f))
pprint.pprint({"long": list(range(30)), "nested": {"b": 1, "a": [{"x": "y" * 30}, {"z": "w" * 30}]}}, width=60)
