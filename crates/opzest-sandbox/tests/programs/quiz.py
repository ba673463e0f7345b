questions = [("2 + 2", "4"), ("capital of France", "paris"), ("first prime", "2")]
points = 0
for number, (question, answer) in enumerate(questions, 1):
    given = input(f"{number}. {question}? ").strip().lower()
    points += given == answer
    print("right" if given == answer else f"wrong, it is {answer}")
print(f"{points}/{len(questions)}")
