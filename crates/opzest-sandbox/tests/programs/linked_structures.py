class Tree:
    def __init__(self, value): self.value, self.left, self.right = value, None, None
    def insert(self, value):
        side = "left" if value < self.value else "right"
        child = getattr(self, side)
        if child: child.insert(value)
        else: setattr(self, side, Tree(value))
    def __iter__(self):
        if self.left: yield from self.left
        yield self.value
        if self.right: yield from self.right
    def depth(self): return 1 + max(self.left.depth() if self.left else 0, self.right.depth() if self.right else 0)
tree = Tree(50)
for value in (30, 70, 20, 40, 60, 80, 10): tree.insert(value)
print(list(tree), tree.depth(), 40 in tree, sum(tree))
