import random
def bubble(a):
    a = a[:]
    for i in range(len(a)):
        for j in range(len(a) - 1 - i):
            if a[j] > a[j + 1]: a[j], a[j + 1] = a[j + 1], a[j]
    return a
def quick(a):
    return a if len(a) < 2 else quick([x for x in a[1:] if x < a[0]]) + [a[0]] + quick([x for x in a[1:] if x >= a[0]])
def merge(a):
    if len(a) < 2: return a
    left, right, out = merge(a[:len(a) // 2]), merge(a[len(a) // 2:]), []
    while left and right: out.append((left if left[0] <= right[0] else right).pop(0))
    return out + left + right
data = [random.Random(3).randrange(100) for _ in range(60)] + [5, 5, 1]
print([sort(data) == sorted(data) for sort in (bubble, quick, merge)])
print(sorted(["b", "A", "c"], key=str.lower), sorted([(1, "b"), (0, "z"), (1, "a")], key=lambda p: (-p[0], p[1])))
