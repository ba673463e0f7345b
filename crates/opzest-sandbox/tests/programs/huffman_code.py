import heapq
from collections import Counter
text = "abracadabra alakazam"
heap = [(count, letter) for letter, count in Counter(text).items()]
heapq.heapify(heap)
n = 0
trees = {letter: letter for _, letter in heap}
while len(heap) > 1:
    (a, x), (b, y) = heapq.heappop(heap), heapq.heappop(heap)
    n += 1
    trees[f"~{n:02}"] = (trees[x], trees[y])
    heapq.heappush(heap, (a + b, f"~{n:02}"))
codes = {}
def walk(tree, code):
    if isinstance(tree, str): codes[tree] = code
    else: walk(tree[0], code + "0"); walk(tree[1], code + "1")
walk(trees[heap[0][1]], "")
bits = "".join(codes[c] for c in text)
print(len(bits), len(text) * 8, len(codes["a"]) <= min(map(len, codes.values())))
back, at = "", ""
reverse = {v: k for k, v in codes.items()}
for bit in bits:
    at += bit
    if at in reverse: back += reverse[at]; at = ""
print(back == text)
