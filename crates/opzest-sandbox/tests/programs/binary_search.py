import bisect
def search(items, wanted):
    low, high, steps = 0, len(items), 0
    while low < high:
        steps += 1
        middle = (low + high) // 2
        if items[middle] < wanted: low = middle + 1
        else: high = middle
    return (low if low < len(items) and items[low] == wanted else None), steps
items = list(range(0, 2000, 3))
print(search(items, 999), search(items, 1000), bisect.bisect_left(items, 999))
grades = "FEDCBA"
print([grades[bisect.bisect([50, 60, 70, 80, 90], score)] for score in (33, 99, 77, 70, 89, 90)])
