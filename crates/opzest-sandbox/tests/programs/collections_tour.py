from collections import ChainMap, OrderedDict, defaultdict, deque, namedtuple
Point = namedtuple("Point", "x y", defaults=[0])
print(Point(1), Point(2, 3)._replace(x=9))
groups = defaultdict(list)
for word in ["ant", "bee", "ape", "bat"]: groups[word[0]].append(word)
print(dict(groups))
ring = deque([1, 2, 3], maxlen=3); ring.append(4); ring.rotate(1)
print(ring, ChainMap({"a": 1}, {"a": 2, "b": 3})["b"])
order = OrderedDict(a=1, b=2); order.move_to_end("a"); print(list(order))
