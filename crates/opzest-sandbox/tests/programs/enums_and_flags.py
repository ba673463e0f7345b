from enum import Enum, IntEnum, Flag, auto
class Color(Enum):
    RED = 1
    GREEN = 2
    CRIMSON = 1
class Right(Flag):
    READ = auto()
    WRITE = auto()
class Level(IntEnum):
    LOW = 1
    HIGH = 5
print([c.name for c in Color], Color(2) is Color.GREEN, Color.CRIMSON is Color.RED, Color["RED"].value)
both = Right.READ | Right.WRITE
print(Right.READ in both, (both & Right.WRITE).value, Level.HIGH > Level.LOW, Level.HIGH + 1)
