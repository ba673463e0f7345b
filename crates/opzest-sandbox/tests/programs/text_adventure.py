rooms = {"hall": {"north": "library", "east": "kitchen"}, "library": {"south": "hall"}, "kitchen": {"west": "hall"}}
things = {"library": "lamp", "kitchen": "bread"}
here, bag = "hall", []
while True:
    try:
        words = input(f"[{here}] > ").split()
    except EOFError:
        print("\nThe end.")
        break
    if not words: continue
    if words[0] == "go" and words[-1] in rooms[here]: here = rooms[here][words[-1]]; print("You are in the", here)
    elif words[0] == "take" and things.get(here) == words[-1]: bag.append(things.pop(here)); print("Taken.")
    elif words[0] == "bag": print("You carry", ", ".join(bag) or "nothing")
    elif words[0] == "quit": print("Bye."); break
    else: print("You cannot do that.")
