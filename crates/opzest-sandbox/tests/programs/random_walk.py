import random
rng = random.Random("walk")
x = y = 0
seen = {(0, 0)}
for _ in range(500):
    dx, dy = rng.choice([(0, 1), (0, -1), (1, 0), (-1, 0)])
    x, y = x + dx, y + dy
    seen.add((x, y))
print(len(seen) > 20, abs(x) + abs(y) <= 500, (x + y) % 2)
