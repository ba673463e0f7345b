from abc import ABC, abstractmethod
import math
class Shape(ABC):
    @abstractmethod
    def area(self): ...
    def __lt__(self, other): return self.area() < other.area()
class Circle(Shape):
    def __init__(self, r): self.r = r
    def area(self): return math.pi * self.r ** 2
class Square(Shape):
    def __init__(self, a): self.a = a
    def area(self): return self.a ** 2
for shape in sorted([Circle(2), Square(3), Circle(1)]):
    print(type(shape).__name__, round(shape.area(), 3))
try:
    Shape()
except TypeError:
    print("abstract")
