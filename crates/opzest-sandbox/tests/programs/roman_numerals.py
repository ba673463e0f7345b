VALUES = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
def roman(n):
    out = ""
    for value, sign in VALUES:
        out += sign * (n // value)
        n %= value
    return out
def number(text):
    digits = [dict(M=1000, D=500, C=100, L=50, X=10, V=5, I=1)[c] for c in text]
    return sum(-a if a < b else a for a, b in zip(digits, digits[1:] + [0]))
print([roman(n) for n in (4, 9, 14, 1994, 3999)], all(number(roman(n)) == n for n in range(1, 4000)))
