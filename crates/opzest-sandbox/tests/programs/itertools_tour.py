import itertools as it
print(list(it.permutations("abc", 2)))
print(["".join(c) for c in it.combinations("abcd", 3)])
print(list(it.accumulate([1, 2, 3, 4], lambda a, b: a * b)))
print({key: len(list(group)) for key, group in it.groupby("aaabbc")})
print(list(it.islice(it.cycle([1, 2, 3]), 7)), list(it.chain([1], [2, 3])))
print(list(it.zip_longest("ab", "xyz", fillvalue="-")), list(it.takewhile(lambda x: x < 3, [1, 2, 3, 1])))
