import re
text = "Call 555-1234 or +49 (30) 99-88, mail ann@example.org, bob@test.io; 2024-05-06."
print(re.findall(r"[\w.]+@[\w.]+\w", text))
print(re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3.\2.\1", text)[-11:])
match = re.search(r"(?P<user>\w+)@(?P<host>[\w.]+)", text)
print(match.group("user"), match.span(), match.groupdict())
print(re.split(r"\s*[,;]\s*", "a , b;c"), re.fullmatch(r"a+", "aab"))
print(re.sub(r"\b(\w)(\w*)", lambda m: m[1].upper() + m[2], "the old man"))
tokens = re.compile(r"\s*(?:(\d+)|(.))").findall("12+ 3*(4)")
print([int(n) if n else s for n, s in tokens])
