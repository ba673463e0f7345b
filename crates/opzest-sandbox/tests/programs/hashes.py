import hashlib, hmac
for name in ("md5", "sha1", "sha256", "sha3_256", "blake2b"):
    print(name, hashlib.new(name, b"opzest").hexdigest()[:32])
print(hmac.new(b"key", b"message", hashlib.sha256).hexdigest())
print(hashlib.pbkdf2_hmac("sha256", b"secret", b"salt", 1000).hex()[:24])
