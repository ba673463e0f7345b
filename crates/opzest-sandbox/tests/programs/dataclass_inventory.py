from dataclasses import dataclass, field, asdict, replace
@dataclass(order=True, frozen=True)
class Item:
    price: float
    name: str = field(compare=False)
    tags: tuple = ()
items = [Item(2.5, "tea"), Item(1.0, "salt", ("spice",)), Item(9.0, "oil")]
for item in sorted(items):
    print(item)
print(asdict(items[1]), replace(items[0], price=3.0))
try:
    items[0].price = 1
except Exception as error:
    print(type(error).__name__)
