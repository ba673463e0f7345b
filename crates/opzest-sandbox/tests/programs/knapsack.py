items = [("tent", 5, 60), ("stove", 3, 50), ("rope", 4, 70), ("food", 2, 30)]
best = [(0, [])] * 11
for name, weight, value in items:
    for room in range(10, weight - 1, -1):
        other = best[room - weight]
        if other[0] + value > best[room][0]: best[room] = (other[0] + value, other[1] + [name])
print(best[10])
def coins(amount, kinds=(1, 5, 10, 25)):
    ways = [1] + [0] * amount
    for kind in kinds:
        for a in range(kind, amount + 1): ways[a] += ways[a - kind]
    return ways[amount]
print(coins(100))
