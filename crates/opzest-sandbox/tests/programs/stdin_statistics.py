import sys
numbers = [float(part) for line in sys.stdin for part in line.split()]
print(len(numbers), sum(numbers), min(numbers), max(numbers))
