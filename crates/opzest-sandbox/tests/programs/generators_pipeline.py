def numbers():
    n = 1
    while True:
        yield n
        n += 1
def squares(source):
    for n in source: yield n * n
def take(count, source):
    for _, item in zip(range(count), source): yield item
def echo():
    received = None
    while True: received = yield received
print(list(take(6, squares(numbers()))))
machine = echo(); next(machine)
print(machine.send("a"), machine.send("b"))
def flatten(x):
    for y in x:
        if isinstance(y, list): yield from flatten(y)
        else: yield y
print(list(flatten([1, [2, [3, [4]], 5]])))
