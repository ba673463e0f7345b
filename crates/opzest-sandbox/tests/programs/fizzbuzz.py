for n in range(1, 31): print("Fizz" * (n % 3 == 0) + "Buzz" * (n % 5 == 0) or n, end=" " if n % 10 else "\n")
