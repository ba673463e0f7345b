import cmath, math
def fft(a):
    n = len(a)
    if n == 1: return a
    even, odd = fft(a[::2]), fft(a[1::2])
    turned = [cmath.exp(-2j * cmath.pi * k / n) * odd[k] for k in range(n // 2)]
    return [even[k] + turned[k] for k in range(n // 2)] + [even[k] - turned[k] for k in range(n // 2)]
wave = [math.sin(2 * math.pi * 5 * t / 64) + 0.5 * math.cos(2 * math.pi * 12 * t / 64) for t in range(64)]
print([k for k, v in enumerate(fft(wave)[:32]) if abs(v) > 1])
