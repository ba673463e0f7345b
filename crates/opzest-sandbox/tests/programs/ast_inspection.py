import ast
tree = ast.parse("def f(a, b=2):\n    return a * b + len(str(a))\nx = f(3)\n")
print([node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)])
print(sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}))
print(ast.literal_eval("{'a': [1, 2.5, None]}"), eval(compile("6 * 7", "<x>", "eval")))
scope = {}
exec(compile(tree, "<y>", "exec"), scope)
print(scope["x"])
