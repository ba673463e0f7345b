import gc, weakref
class Big:
    pass
big = Big()
reference = weakref.ref(big)
cache = weakref.WeakValueDictionary(key=big)
print(reference() is big, len(cache))
del big
gc.collect()
print(reference(), len(cache))
