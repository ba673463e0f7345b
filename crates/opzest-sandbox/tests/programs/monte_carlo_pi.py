import random
rng = random.Random(2024)
inside = sum(rng.random() ** 2 + rng.random() ** 2 < 1 for _ in range(200_000))
pi = 4 * inside / 200_000
print("about", 3.1 < pi < 3.2)
