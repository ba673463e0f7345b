import struct
width, height = 4, 2
pixels = b"".join(bytes([x * 60, y * 100, 200]) for y in range(height) for x in range(width))
header = b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
with open("picture.bmp", "wb") as file: file.write(header + pixels)
data = open("picture.bmp", "rb").read()
print(len(data), data[:2], struct.unpack("<i", data[18:22])[0])
