import copy, pickle
class Node:
    def __init__(self, name): self.name, self.next = name, None
a, b = Node("a"), Node("b")
a.next, b.next = b, a
c = pickle.loads(pickle.dumps(a))
print(c.next.next is c, c.next.name)
x = [[1, 2], [3]]
y, z = copy.copy(x), copy.deepcopy(x)
x[0].append(9)
print(y, z)
