import queue, threading
jobs, done = queue.Queue(maxsize=3), []
def work():
    while (job := jobs.get()) is not None:
        done.append(job.upper())
worker = threading.Thread(target=work)
worker.start()
for word in ["one", "two", "three", "four", "five"]:
    jobs.put(word)
jobs.put(None)
worker.join()
print(done)
