secret, tries = 37, 0
while True:
    guess = int(input())
    tries += 1
    if guess == secret: print(f"Right after {tries} tries!"); break
    print("higher" if guess < secret else "lower")
