import signal, threading, time
def on_alarm(number, frame): print("alarm", signal.Signals(number).name)
signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.02)
signal.pause()
done = threading.Event()
threading.Timer(0.01, done.set).start()
print(done.wait(30))
start = time.perf_counter(); time.sleep(0.01); print(time.perf_counter() - start >= 0.01)
