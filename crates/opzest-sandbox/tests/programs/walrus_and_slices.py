data = [5, 3, 8, 1]
if (n := len(data)) > 3: print(f"{n=}")
first, *middle, last = data
print(first, middle, last, data[-2:], data[::2], [*data, *"ab"], {**{"a": 1}, "b": 2}, {"a": 1} | {"a": 2})
data[1:3] = [0]
print(data, sum(x for x in range(10) if x % 2), any(x > 7 for x in data), all(data), max(data, key=lambda x: -x))
print(*map(chr, range(97, 103)), sep="", end="!\n")
x = y = []
x += [1]; print(y, x is y, [] is not [], 1 < 2 < 3, not None, 5 if [] else 6)
