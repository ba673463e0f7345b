from functools import lru_cache
LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]
def winner(board): return next((board[a] for a, b, c in LINES if board[a] == board[b] == board[c] != "."), None)
@lru_cache(None)
def value(board, player):
    won = winner(board)
    if won: return 1 if won == "X" else -1
    if "." not in board: return 0
    results = [value(board[:i] + player + board[i + 1:], "O" if player == "X" else "X") for i in range(9) if board[i] == "."]
    return max(results) if player == "X" else min(results)
print(value("." * 9, "X"), value("X...O....", "X"), value("XX.OO....", "X"))
