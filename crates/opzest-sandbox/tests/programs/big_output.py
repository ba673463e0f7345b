for n in range(400): print(n, "x" * 10)
