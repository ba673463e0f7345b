a = [[1, 2, 3], [4, 5, 6]]
b = [[7, 8], [9, 10], [11, 12]]
print([[sum(x * y for x, y in zip(row, col)) for col in zip(*b)] for row in a])
print(list(map(list, zip(*a))))
identity = [[int(i == j) for j in range(3)] for i in range(3)]
for row in identity: print(*row)
