a, b = {1, 2, 3, 4}, {3, 4, 5}
print(sorted(a | b), sorted(a & b), sorted(a - b), sorted(a ^ b), a >= {1, 2}, a.isdisjoint({9}))
print(len({frozenset("ab"), frozenset("ba")}), sorted({x % 3 for x in range(10)}))
