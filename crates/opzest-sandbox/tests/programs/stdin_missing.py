try:
    print(input("name? "))
except EOFError:
    print("nobody answered")
import sys
print(repr(sys.stdin.read()), sys.stdin.isatty())
