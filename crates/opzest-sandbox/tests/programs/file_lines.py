with open("log.txt", "w") as file:
    for n in range(1, 101): file.write(f"{n}: {'error' if n % 17 == 0 else 'ok'}\n")
with open("log.txt") as file: print([line.split(":")[0] for line in file if "error" in line])
with open("log.txt", "rb+") as file:
    file.seek(-8, 2); print(file.read()); file.seek(0); file.write(b"X"); file.truncate(6)
print(open("log.txt").read())
import fileinput, glob
print(glob.glob("*.txt"), sum(1 for _ in fileinput.input("log.txt")))
