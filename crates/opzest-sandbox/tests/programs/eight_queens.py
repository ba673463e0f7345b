def queens(n, rows=()):
    if len(rows) == n: yield rows
    for r in range(n):
        if all(r != q and abs(r - q) != len(rows) - c for c, q in enumerate(rows)): yield from queens(n, rows + (r,))
solutions = list(queens(6))
print(len(solutions))
for r in solutions[0]: print("." * r + "Q" + "." * (5 - r))
