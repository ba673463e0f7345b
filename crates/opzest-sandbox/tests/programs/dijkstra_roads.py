import heapq
roads = {"A": {"B": 7, "C": 9, "F": 14}, "B": {"C": 10, "D": 15}, "C": {"D": 11, "F": 2}, "D": {"E": 6}, "F": {"E": 9}, "E": {}}
def shortest(start):
    best, todo = {}, [(0, start, [start])]
    while todo:
        cost, town, path = heapq.heappop(todo)
        if town in best: continue
        best[town] = (cost, "-".join(path))
        for other, length in roads[town].items(): heapq.heappush(todo, (cost + length, other, path + [other]))
    return best
for town, (cost, path) in sorted(shortest("A").items()): print(town, cost, path)
