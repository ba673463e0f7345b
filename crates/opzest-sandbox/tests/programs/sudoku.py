puzzle = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
grid = [0 if c == "." else int(c) for c in puzzle]
def free(i):
    r, c = divmod(i, 9)
    used = {grid[r * 9 + k] for k in range(9)} | {grid[k * 9 + c] for k in range(9)}
    used |= {grid[(r // 3 * 3 + k // 3) * 9 + c // 3 * 3 + k % 3] for k in range(9)}
    return [n for n in range(1, 10) if n not in used]
def solve():
    empty = [(len(free(i)), i) for i in range(81) if not grid[i]]
    if not empty: return True
    _, i = min(empty)
    for n in free(i):
        grid[i] = n
        if solve(): return True
    grid[i] = 0
    return False
print(solve())
for r in range(9): print("".join(map(str, grid[r * 9:r * 9 + 9])))
