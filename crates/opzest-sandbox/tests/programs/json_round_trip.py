import json
data = {"name": "Ada", "langs": ["en", "fr"], "age": 36, "ok": True, "none": None, "pi": 3.25}
text = json.dumps(data, sort_keys=True, indent=2)
print(text)
assert json.loads(text) == data
print(json.dumps("ü€😀"), json.dumps("ü€😀", ensure_ascii=False))
