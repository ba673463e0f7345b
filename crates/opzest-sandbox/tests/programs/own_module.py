import importlib, sys
with open("helper_module.py", "w") as file: file.write("GREETING = 'hi'\ndef greet(name): return f'{GREETING}, {name}'\n")
importlib.invalidate_caches()
import helper_module
print(helper_module.greet("Bo"), "helper_module" in sys.modules)
with open("helper_module.py", "a") as file: file.write("GREETING = 'good morning'\n")
importlib.invalidate_caches()
print(importlib.reload(helper_module).greet("Bo"))
