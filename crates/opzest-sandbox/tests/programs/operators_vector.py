class Vector:
    __slots__ = ("x", "y")
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(self, o): return Vector(self.x + o.x, self.y + o.y)
    def __mul__(self, k): return Vector(self.x * k, self.y * k)
    __rmul__ = __mul__
    def __matmul__(self, o): return self.x * o.x + self.y * o.y
    def __eq__(self, o): return (self.x, self.y) == (o.x, o.y)
    def __abs__(self): return (self.x ** 2 + self.y ** 2) ** 0.5
    def __iter__(self): return iter((self.x, self.y))
    def __repr__(self): return f"<{self.x}, {self.y}>"
a, b = Vector(3, 4), Vector(1, -2)
print(a + b, 2 * a, a @ b, abs(a), tuple(a), a == Vector(3, 4), hasattr(a, "__dict__"))
