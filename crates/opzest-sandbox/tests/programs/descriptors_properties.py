class Positive:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, obj, owner=None): return getattr(obj, self.name)
    def __set__(self, obj, value):
        if value <= 0: raise ValueError(f"{self.name[1:]} must be positive")
        setattr(obj, self.name, value)
class Box:
    width, height = Positive(), Positive()
    def __init__(self, w, h): self.width, self.height = w, h
    @property
    def area(self): return self.width * self.height
box = Box(2, 3)
box.width = 5
print(box.area)
try:
    box.height = -1
except ValueError as error:
    print(error)
