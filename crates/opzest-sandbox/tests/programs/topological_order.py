from graphlib import TopologicalSorter, CycleError
graph = {"dress": {"shirt", "trousers"}, "shoes": {"socks", "trousers"}, "go": {"dress", "shoes"}}
order = list(TopologicalSorter(graph).static_order())
print(order.index("socks") < order.index("shoes"), order[-1], len(order))
try:
    list(TopologicalSorter({"a": {"b"}, "b": {"a"}}).static_order())
except CycleError as error:
    print(error.args[0])
