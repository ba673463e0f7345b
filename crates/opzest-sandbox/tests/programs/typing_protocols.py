from typing import Dict, List, NamedTuple, Optional, Protocol, get_type_hints, runtime_checkable
@runtime_checkable
class Quacks(Protocol):
    def quack(self) -> str: ...
class Duck:
    def quack(self): return "quack"
class City(NamedTuple):
    name: str
    people: int = 0
def find(cities: List[City], name: str) -> Optional[City]:
    return next((c for c in cities if c.name == name), None)
print(isinstance(Duck(), Quacks), isinstance(3, Quacks), find([City("Ulm", 126)], "Ulm"), find([], "x"))
print(sorted(get_type_hints(find)))
