from fractions import Fraction
total = Fraction(0)
for n in range(1, 11):
    total += Fraction(1, n)
    print(n, total)
print(Fraction("3.125"), Fraction(0.5).limit_denominator(), float(total))
