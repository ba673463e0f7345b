import cmath
roots = [cmath.exp(2j * cmath.pi * k / 4) for k in range(4)]
print([complex(round(r.real, 6) + 0.0, round(r.imag, 6) + 0.0) for r in roots])
a, b, c = 1, 2, 5
d = cmath.sqrt(b * b - 4 * a * c)
print((-b + d) / (2 * a), abs(3 + 4j), (1 + 2j) * (3 - 1j), (2 + 3j).conjugate())
