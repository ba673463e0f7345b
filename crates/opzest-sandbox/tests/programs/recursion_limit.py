import sys
def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
print(depth(500))
try:
    depth(10 ** 6)
except RecursionError as error:
    print(type(error).__name__)
sys.setrecursionlimit(5000)
print(depth(3000))
