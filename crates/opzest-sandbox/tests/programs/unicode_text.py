import unicodedata
for c in "aß€漢😀é":
    print(f"U+{ord(c):05X} {unicodedata.name(c)} {unicodedata.category(c)} {len(c.encode())}")
print("straße".upper(), "ÄÖÜ".lower(), "ǅ".title(), "İ".lower().encode(), "ﬁ".casefold())
print(unicodedata.normalize("NFD", "é") == "e\u0301", len("👩‍👩‍👧"), "한글"[::-1], sorted("zäa"))
