s = "  The rain in Spain  "
print(repr(s.strip()), s.count("ain"), s.find("rain"), s.replace("ain", "ane").split())
print("a-b-c".partition("-"), "a-b-c".rsplit("-", 1), "abc".center(9, "*"), "7".zfill(3), "x".join("abc"))
print("%5.2f|%-5s|%05d|%x" % (3.14159, "ab", 42, 255), "{:>8}|{:^8}|{:<8}".format("r", "c", "l"))
print("Hello"[1:4], "Hello"[::-1], "abc" < "abd", "abc".isalpha(), "12".isdigit(), "a\tb".expandtabs(4))
print("swap Case".swapcase(), "they're bill's".title(), "removeprefix".removeprefix("re"), "a,b\nc".splitlines())
