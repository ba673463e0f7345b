import string
def caesar(text, k):
    low, up = string.ascii_lowercase, string.ascii_uppercase
    return text.translate(str.maketrans(low + up, low[k:] + low[:k] + up[k:] + up[:k]))
def vigenere(text, key, sign=1):
    return "".join(chr((ord(c) - 97 + sign * (ord(key[i % len(key)]) - 97)) % 26 + 97) for i, c in enumerate(text))
secret = caesar("Attack at Dawn!", 3)
print(secret, caesar(secret, 23), vigenere("attackatdawn", "lemon"), vigenere("lxfopvefrnhr", "lemon", -1))
