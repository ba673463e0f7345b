import threading
lock, total = threading.Lock(), 0
def add(numbers):
    global total
    for n in numbers:
        with lock:
            total += n
threads = [threading.Thread(target=add, args=(range(i * 100, (i + 1) * 100),)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(total, sum(range(800)))
