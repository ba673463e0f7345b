numbers = list(range(1_000_000))
print(sum(numbers[::3]), len({n % 1000 for n in numbers}))
text = "".join(str(n % 10) for n in range(300_000))
print(len(text), text.count("7"))
