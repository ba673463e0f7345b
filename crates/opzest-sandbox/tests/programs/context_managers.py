from contextlib import contextmanager, ExitStack, suppress, redirect_stdout
import io
@contextmanager
def tag(name):
    print(f"<{name}>")
    try: yield name
    finally: print(f"</{name}>")
with tag("p"), tag("b"): print("text")
with ExitStack() as stack:
    for name in "ab": stack.enter_context(tag(name))
with suppress(ZeroDivisionError): 1 / 0
out = io.StringIO()
with redirect_stdout(out): print("hidden")
print(repr(out.getvalue()))
