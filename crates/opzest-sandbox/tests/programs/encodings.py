import base64, binascii, quopri
print(base64.b64encode(b"any carnal pleas"), base64.b32encode(b"foo"), base64.b85encode(b"hello"))
print(binascii.hexlify(b"\x00\xff"), bytes.fromhex("de ad be ef"))
print(quopri.encodestring("für".encode()), base64.urlsafe_b64decode("_-8="))
print("naïve café".encode("latin-1"), "€".encode("utf-16-le"), "x\udc80".encode("utf-8", "surrogateescape"))
