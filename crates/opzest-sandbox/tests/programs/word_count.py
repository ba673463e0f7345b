from collections import Counter
text = """It was the best of times, it was the worst of times, it was the age of wisdom,
it was the age of foolishness"""
words = [w.strip(",.").lower() for w in text.split()]
for word, count in Counter(words).most_common(5): print(f"{word:10}{'*' * count} {count}")
