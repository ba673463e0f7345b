import traceback, sys
def fail(): raise RuntimeError("on purpose")
try: fail()
except RuntimeError: lines = traceback.format_exc().splitlines()
print(lines[0]); print(lines[-1], "fail" in lines[-2] or "fail" in "".join(lines))
print(traceback.extract_tb(None) == [], sys.exc_info())
