import heapq
tasks = [(3, "write"), (1, "plan"), (2, "draft"), (1, "call")]
heapq.heapify(tasks)
heapq.heappush(tasks, (0, "wake"))
while tasks: print(*heapq.heappop(tasks))
print(heapq.nlargest(2, [5, 1, 9, 3]), list(heapq.merge([1, 4], [2, 3])))
