import math
rows = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 1)]
w, b = [0.0, 0.0], 0.0
for _ in range(2000):
    for (x, y), wanted in rows:
        out = 1 / (1 + math.exp(-(w[0] * x + w[1] * y + b)))
        error = wanted - out
        w[0] += 0.5 * error * x; w[1] += 0.5 * error * y; b += 0.5 * error
print([round(1 / (1 + math.exp(-(w[0] * x + w[1] * y + b)))) for (x, y), _ in rows])
