CODE = dict(zip("abcdefghijklmnopqrstuvwxyz", ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split()))
back = {v: k for k, v in CODE.items()}
def encode(text): return " / ".join(" ".join(CODE[c] for c in word) for word in text.split())
def decode(code): return " ".join("".join(back[c] for c in word.split()) for word in code.split("/"))
print(encode("hello world"))
print(decode(encode("sos we are here")))
