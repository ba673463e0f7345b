"""The desktop app on a screen of its own with a line to its preview (src-tauri/examples/preview_probe.rs), and a
server that notices whoever comes. For preview_window.py."""

import itertools
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

PAGES = pathlib.Path(__file__).resolve().parent / "pages"
START_S, ANSWER_S = 120, 60


def page(name, **values):
    text = (PAGES / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key.upper()}@", str(value))
    return text


class Probe:
    """Takes orders from several threads; answers and events arrive in `read`."""

    def __init__(self, program, folder, display, traced):
        self.log = folder / "probe.strace"
        self.output = folder / "probe.log"
        home = folder / "home"
        home.mkdir()
        self.environment = {
            **os.environ, "DISPLAY": display, "OPZEST_DATA": str(folder / "data"), "HOME": str(home),
        }
        for name in ("TAURI_WEBVIEW_AUTOMATION", "WAYLAND_DISPLAY"):
            self.environment.pop(name, None)
        # Daemons of the session greet on standard output, so the answers have a pipe of their own.
        read, write = os.pipe()
        alone = ["bash", "-c", f'exec "$0" >&{write}', str(program)]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                traced(self.log, ["dbus-run-session", "--", *alone]),
                env=self.environment, stdin=subprocess.PIPE, text=True, stdout=output, stderr=output,
                pass_fds=[write], start_new_session=True, cwd=home,  # where the control's downloads land
            )
        os.close(write)
        self.pipe = os.fdopen(read)
        self.numbers = itertools.count(1)
        self.answers, self.events = {}, []
        self.news = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        self.wait_for("the start", lambda: "ready" in self.answers, START_S)

    def read(self):
        for line in self.pipe:
            said = json.loads(line)
            with self.news:
                if "event" in said:
                    self.events.append((said["id"], said["event"]))
                elif "ready" in said:
                    self.answers["ready"] = True
                else:
                    self.answers[said["order"]] = said["answer"]
                self.news.notify_all()

    def wait_for(self, what, found, seconds=ANSWER_S):
        with self.news:
            if not self.news.wait_for(found, seconds):
                raise AssertionError(f"{what} did not happen within {seconds} s\n{self.output.read_text()[-2000:]}")

    def begin(self, do, **details):
        with self.news:
            number = next(self.numbers)
            self.process.stdin.write(json.dumps({"order": number, "do": do, **details}) + "\n")
            self.process.stdin.flush()
        return number

    def end(self, number):
        self.wait_for(f"order {number}", lambda: number in self.answers)
        return self.answers[number]

    def do(self, do, **details):
        return self.end(self.begin(do, **details))

    def eval(self, label, script):
        return json.loads(self.do("eval", label=label, script=script) or "null")

    def invoke(self, label, command, **arguments):
        """Calls a command from one of Tauri's windows; gives ["ok" or "error", what came]."""
        self.eval(label, f"""window.probed = null;
            window.__TAURI_INTERNALS__.invoke({json.dumps(command)}, {json.dumps(arguments)})
                .then((it) => (window.probed = ["ok", it]), (it) => (window.probed = ["error", it])); 0""")
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            answer = self.eval(label, "window.probed")
            if answer:
                return answer
        raise AssertionError(f"no answer to {command}")

    def call(self, name):
        """A command of OpZest's table, from the main window."""
        return self.invoke("main", "call", name=name, args={}, events="__CHANNEL__:0")

    def events_of(self, session):
        with self.news:
            return [event for of, event in self.events if of == session]

    def web_processes(self):
        """The processes of the app that show pages."""
        listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True)
        rows = [row.split(None, 2) for row in listed.stdout.splitlines()]
        parents = {pid: parent for pid, parent, _ in rows}

        def ours(pid):
            while pid in parents and pid != str(self.process.pid):
                pid = parents[pid]
            return pid in parents

        return {pid for pid, _, name in rows if name.startswith("WebKitWebProc") and ours(pid)}

    def keys(self, *arguments):
        done = subprocess.run(["xdotool", *arguments], env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout.split()

    def window(self, title):
        return next(iter(self.keys("search", "--onlyvisible", "--name", f"^Preview: {title}$")), None)

    def quit(self):
        self.process.stdin.close()
        return self.process.wait(timeout=60)


class Server:
    """Remembers who came: the first words of every TCP connection, and every datagram."""

    def __init__(self, control):
        self.control = control
        self.heard = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.udp = self.datagrams.getsockname()[1]
        for work in (self.accept, self.receive):
            threading.Thread(target=work, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def receive(self):
        while True:
            self.datagrams.recvfrom(2048)
            self.heard.append("datagram")

    def answer(self, connection):
        with connection:
            connection.settimeout(120)
            try:
                words = connection.recv(4096).decode(errors="replace").split()
            except OSError:
                words = []
            path = words[1] if len(words) > 1 else "/a silent connection"
            name = path[1:].split("?")[0]
            if name not in self.control:
                self.heard.append(name)
            body = self.control.get(name, "").replace("@SERVER@", self.address).replace("@UDP@", str(self.udp))
            kind = "text/html" if body else "text/plain"
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n"
            connection.sendall(f"{head}Connection: close\r\n\r\n{body}".encode())
