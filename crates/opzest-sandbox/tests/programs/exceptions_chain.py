class ConfigError(Exception): pass
def load(text):
    try: return int(text)
    except ValueError as error: raise ConfigError(f"bad value {text!r}") from error
    finally: print("tried", text)
try: load("x1")
except ConfigError as error: print(error, "|", type(error.__cause__).__name__)
try:
    try: {}["a"]
    except KeyError: raise IndexError("second")
except IndexError as error: print(repr(error.__context__))
def careful():
    try: return "try"
    finally: print("finally")
print(careful())
for value in (0, "a", 2):
    try: result = 10 / value
    except ZeroDivisionError: print("zero")
    except TypeError as error: print("type")
    else: print(result)
