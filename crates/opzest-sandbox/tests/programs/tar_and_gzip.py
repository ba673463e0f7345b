import gzip, io, tarfile
text = b"all work and no play\n" * 200
packed = gzip.compress(text)
print(len(packed) < len(text), gzip.decompress(packed) == text)
buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
    info = tarfile.TarInfo("notes/one.txt"); info.size = 5
    archive.addfile(info, io.BytesIO(b"hello"))
buffer.seek(0)
with tarfile.open(fileobj=buffer) as archive:
    print(archive.getnames(), archive.extractfile("notes/one.txt").read())
