import functools, time
def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        result = function(*args)
        print(f"{function.__name__}{args} = {result}")
        return result
    return wrapper
@functools.lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
@logged
def add(a, b): return a + b
add(2, 3)
print(fib(90), fib.cache_info().misses, functools.reduce(lambda a, b: a * b, range(1, 11)))
print(functools.partial(int, base=2)("1011"))
@functools.singledispatch
def show(x): return "something"
@show.register
def _(x: int): return "a number"
@show.register
def _(x: list): return f"{len(x)} things"
print(show("a"), show(1), show([1, 2]))
