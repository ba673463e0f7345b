import random
dice = random.Random(42)
rolls = [dice.randint(1, 6) for _ in range(1000)]
print(len(rolls), min(rolls), max(rolls), 3.3 < sum(rolls) / 1000 < 3.7)
deck = list(range(10)); random.Random(7).shuffle(deck)
print(sorted(deck) == list(range(10)))
print(random.Random(1).random(), random.Random(1).random())
