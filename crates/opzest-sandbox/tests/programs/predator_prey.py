rabbits, foxes = 40.0, 9.0
for year in range(11):
    print(f"{year:2} rabbits {rabbits:7.2f} foxes {foxes:6.2f}")
    for _ in range(1000):
        rabbits, foxes = (rabbits + (0.1 * rabbits - 0.02 * rabbits * foxes) / 1000,
                          foxes + (0.01 * rabbits * foxes - 0.3 * foxes) / 1000)
