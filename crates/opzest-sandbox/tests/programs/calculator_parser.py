import re
def evaluate(text):
    tokens = re.findall(r"\d+\.?\d*|[-+*/()^]", text) + ["end"]
    position = 0
    def peek(): return tokens[position]
    def take():
        nonlocal position
        position += 1
        return tokens[position - 1]
    def expression():
        value = term()
        while peek() in "+-": value = value + term() if take() == "+" else value - term()
        return value
    def term():
        value = power()
        while peek() in "*/": value = value * power() if take() == "*" else value / power()
        return value
    def power():
        base = unary()
        return base ** power() if peek() == "^" and take() else base
    def unary():
        token = take()
        if token == "-": return -unary()
        if token == "(":
            value = expression()
            take()
            return value
        return float(token)
    return expression()
for text in ["1 + 2 * 3", "(1 + 2) * 3", "2 ^ 3 ^ 2", "-4 / (1 - 3) + 0.5", "10 - 4 - 3"]: print(text, "=", evaluate(text))
