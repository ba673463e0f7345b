def sieve(n):
    marks = bytearray([1]) * (n + 1)
    marks[:2] = b"\0\0"
    for i in range(2, int(n ** 0.5) + 1):
        if marks[i]: marks[i * i::i] = bytes(len(range(i * i, n + 1, i)))
    return [i for i, mark in enumerate(marks) if mark]
primes = sieve(100_000)
print(len(primes), primes[:10], primes[-1])
def factors(n):
    out, p = [], 2
    while p * p <= n:
        while n % p == 0: out.append(p); n //= p
        p += 1
    return out + [n] * (n > 1)
print(factors(360), factors(97), factors(600851475143))
