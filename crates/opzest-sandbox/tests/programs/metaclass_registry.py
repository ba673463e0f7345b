class Plugin:
    registry = {}
    def __init_subclass__(cls, name=None, **kw):
        super().__init_subclass__(**kw)
        cls.registry[name or cls.__name__.lower()] = cls
class Upper(Plugin):
    def run(self, text): return text.upper()
class Reverse(Plugin, name="rev"):
    def run(self, text): return text[::-1]
class Meta(type):
    def __getattr__(cls, key): return f"{cls.__name__}.{key}"
class Magic(metaclass=Meta): pass
print({name: plugin().run("abc") for name, plugin in Plugin.registry.items()}, Magic.anything)
