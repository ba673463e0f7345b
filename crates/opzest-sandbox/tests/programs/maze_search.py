from collections import deque
maze = ["#########", "#S  #   #", "# # # # #", "# #   #E#", "#########"]
grid = {(x, y): c for y, row in enumerate(maze) for x, c in enumerate(row)}
start = next(p for p, c in grid.items() if c == "S")
end = next(p for p, c in grid.items() if c == "E")
before, todo = {start: None}, deque([start])
while todo:
    x, y = todo.popleft()
    for p in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
        if grid[p] != "#" and p not in before: before[p] = (x, y); todo.append(p)
path, p = [], end
while p: path.append(p); p = before[p]
for y, row in enumerate(maze): print("".join("." if (x, y) in path and c == " " else c for x, c in enumerate(row)))
print(len(path) - 1, "steps")
