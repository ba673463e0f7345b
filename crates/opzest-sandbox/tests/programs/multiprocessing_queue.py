from multiprocessing import Process, Queue
def work(name, queue): queue.put((name, sum(map(ord, name))))
if __name__ == "__main__":
    queue = Queue()
    processes = [Process(target=work, args=(name, queue)) for name in ("ann", "bob")]
    for process in processes: process.start()
    print(sorted(queue.get() for _ in processes))
    for process in processes: process.join()
    print([process.exitcode for process in processes])
