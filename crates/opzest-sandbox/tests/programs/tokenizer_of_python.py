import io, keyword, tokenize
source = "for i in range(3):\n    print(i)  # hi\n"
print([t.string for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.string.strip()])
print(keyword.iskeyword("for"), keyword.iskeyword("four"))
