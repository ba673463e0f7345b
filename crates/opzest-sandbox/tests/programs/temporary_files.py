import os, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.txt")
    with open(path, "w") as file: file.write("hello\n" * 3)
    print(os.listdir(folder), os.path.getsize(path))
print(os.path.exists(folder))
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("abc"); file.seek(1); print(file.read())
with tempfile.SpooledTemporaryFile(max_size=10) as file:
    file.write(b"x" * 20); print(file.tell())
