import atexit, sys
atexit.register(print, "last")
atexit.register(lambda: print("before last"))
print("work", file=sys.stderr)
print("work")
sys.exit(0)
