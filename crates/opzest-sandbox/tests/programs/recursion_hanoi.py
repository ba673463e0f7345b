def hanoi(n, a, b, c):
    if n == 0: return 0
    moves = hanoi(n - 1, a, c, b)
    if n > 2: print(f"disk {n}: {a} -> {c}")
    return moves + 1 + hanoi(n - 1, b, a, c)
print(hanoi(5, "A", "B", "C"))
