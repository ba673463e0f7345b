import bz2, lzma, zlib
text = bytes(range(256)) * 40
for module in (bz2, lzma, zlib):
    packed = module.compress(text)
    print(module.__name__, len(packed) < len(text) // 4, module.decompress(packed) == text)
print(zlib.crc32(b"hello"), zlib.adler32(b"hello"))
