import array, struct
packed = struct.pack("<IhB3s", 1, -2, 255, b"abc")
print(packed.hex(), struct.calcsize("<IhB3s"), struct.unpack("<IhB3s", packed))
numbers = array.array("d", [1.5, 2.5]); numbers.append(4)
print(sum(numbers), len(numbers.tobytes()))
view = memoryview(bytearray(b"abcdef")); view[1:3] = b"XY"; print(bytes(view))
print(int.from_bytes(b"\x01\x00", "big"), (1000).to_bytes(2, "little"))
