import math
print(math.gcd(84, 36), 84 * 36 // math.gcd(84, 36), pow(3, 200, 13), pow(3, -1, 11))
print(math.comb(10, 3), math.factorial(20), math.isqrt(10 ** 20), 2 ** 200)
print(bin(37), oct(37), hex(255), int("zz", 36), f"{1234567.891:,.2f}", (1 << 70).bit_length())
print(math.isclose(0.1 + 0.2, 0.3), math.floor(-2.5), round(2.5), round(3.5), -7 // 2, -7 % 3, divmod(17, 5))
