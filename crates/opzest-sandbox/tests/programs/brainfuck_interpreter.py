def run(program):
    stack, jump = [], {}
    for i, c in enumerate(program):
        if c == "[": stack.append(i)
        elif c == "]": j = stack.pop(); jump[i], jump[j] = j, i
    tape, at, i, out = [0] * 100, 0, 0, ""
    while i < len(program):
        c = program[i]
        if c == ">": at += 1
        elif c == "<": at -= 1
        elif c in "+-": tape[at] = (tape[at] + (1 if c == "+" else -1)) % 256
        elif c == ".": out += chr(tape[at])
        elif c == "[" and not tape[at] or c == "]" and tape[at]: i = jump[i]
        i += 1
    return out
print(run("++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+."))
