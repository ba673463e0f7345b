import io, logging, warnings
out = io.StringIO()
handler = logging.StreamHandler(out)
handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
log = logging.getLogger("app"); log.addHandler(handler); log.setLevel(logging.INFO)
log.debug("no"); log.info("started %d", 1); log.warning("careful")
print(out.getvalue(), end="")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("old", DeprecationWarning)
print(caught[0].category.__name__, caught[0].message)
