import io, zipfile
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("a.txt", "a" * 1000)
    archive.writestr("b/c.txt", "see")
with zipfile.ZipFile(buffer) as archive:
    print(archive.namelist(), archive.testzip())
    print(archive.getinfo("a.txt").file_size, archive.read("b/c.txt"))
