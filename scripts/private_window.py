#!/usr/bin/env python3
"""A whole chat in the shipped window, without a network and without a browser driver.

The window runs in a network namespace that has no interface that is up, on a virtual screen; keys go in
through the X server. strace watches every process: none may open an internet socket (AF_INET, AF_INET6),
loopback included. Usage: private_window.py OPZEST_DESKTOP [SCREENSHOT.png]
"""

import collections
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

NEEDED = ["Xvfb", "xdotool", "strace", "unshare", "dbus-run-session", "import"]
START_S, ANSWER_S = 120, 240
QUESTION = "How many days are in a week?"


def fail(message):
    sys.exit(f"private window: {message}")


def wait_for(what, seconds, found):
    """Polls until `found` gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = found()
        if result:
            return result
        time.sleep(0.1)
    fail(f"{what} did not happen within {seconds} s")


def without_network(command):
    """The command in a network namespace of its own; as another user, by a user namespace."""
    return ["unshare", "--net" if os.geteuid() == 0 else "-rn", *command]


def traced(log, command):
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=socket,execve", "-o", str(log), *command]


def socket_families(log):
    """Counts the address families of all sockets in a strace log."""
    families = re.findall(r"socket\((AF_\w+|\w+)", log.read_text(errors="replace"))
    return collections.Counter(families)


def internet(families):
    return {family: count for family, count in families.items() if family.startswith("AF_INET")}


def check_the_check(folder):
    """A process that does open such sockets must be caught, or the test could not fail."""
    log = folder / "control.strace"
    code = "import socket; socket.socket(socket.AF_INET); socket.socket(socket.AF_INET6)"
    subprocess.run(traced(log, ["sh", "-c", f"{sys.executable} -c '{code}'"]), check=True)
    found = internet(socket_families(log))
    if found != {"AF_INET": 1, "AF_INET6": 1}:
        fail(f"the control's sockets were not seen: {found}")


def start_screen(folder):
    read, write = os.pipe()
    with (folder / "xvfb.log").open("w") as log:
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x860x24", "-nolisten", "tcp"],
            pass_fds=[write], stdout=log, stderr=log,
        )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    if not number:
        fail("Xvfb did not start")
    return screen, f":{number}"


def answer_in_store(database):
    if not database.exists():
        return None
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        return store.execute(
            "SELECT status, text FROM message WHERE role = 'assistant' AND status <> 'streaming'"
        ).fetchone()


def run(program, folder, screenshot):
    screen, display = start_screen(folder)
    data, log = folder / "data", folder / "window.strace"
    environment = {**os.environ, "DISPLAY": display, "OPZEST_DATA": str(data), "OPZEST_REPORT_START": "1"}
    for driver in ("TAURI_WEBVIEW_AUTOMATION", "WAYLAND_DISPLAY"):
        environment.pop(driver, None)
    output = folder / "window.log"
    command = without_network(traced(log, ["dbus-run-session", "--", program]))
    window = subprocess.Popen(command, env=environment, stdout=output.open("w"), stderr=subprocess.STDOUT,
                              start_new_session=True)

    def keys(*arguments):
        subprocess.run(["xdotool", *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)

    def find_window():
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^OpZest$"], env=environment,
                               capture_output=True, text=True, check=False)
        return found.stdout.split()

    try:
        wait_for("the first frame", START_S, lambda: "first usable frame" in output.read_text())
        keys("windowfocus", wait_for("the window", START_S, find_window)[0])
        keys("key", "Tab")
        keys("key", "Return")  # "Start" on the welcome page
        database = data / "opzest.db"

        def typed():
            """The page may still be changing: keys are given until the question is in the store."""
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
                if store.execute("SELECT count(*) FROM message").fetchone()[0]:
                    return True
            keys("key", "ctrl+3")  # The assistant
            keys("key", "ctrl+n")
            keys("type", "--delay", "15", QUESTION)
            keys("key", "Return")
            time.sleep(2)
            return False

        wait_for("the question", START_S, typed)
        status, text = wait_for("the answer", ANSWER_S, lambda: answer_in_store(database))
        if screenshot:
            subprocess.run(["import", "-window", "root", screenshot], env=environment, check=True)
    finally:
        os.killpg(window.pid, signal.SIGTERM)
        window.wait(timeout=30)
        screen.terminate()
        screen.wait(timeout=30)
    return status, text, log


def main():
    if len(sys.argv) < 2:
        fail("usage: private_window.py OPZEST_DESKTOP [SCREENSHOT.png]")
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        fail(f"not installed: {', '.join(missing)} (scripts/system-packages.sh test)")
    program = str(pathlib.Path(sys.argv[1]).resolve(strict=True))
    with tempfile.TemporaryDirectory(prefix="opzest-private-") as name:
        folder = pathlib.Path(name)
        check_the_check(folder)
        status, text, log = run(program, folder, sys.argv[2] if len(sys.argv) > 2 else None)
        families = socket_families(log)
        programs = len(re.findall(r"execve\(.*= 0", log.read_text(errors="replace")))
        if "--opzest-llm-worker" not in log.read_text(errors="replace"):
            fail("the model's process was not watched")
        print(f"answer ({status}): {text!r}")
        print(f"{programs} programs watched; sockets: {dict(families)}")
        if status != "complete" or not text.strip():
            fail("the answer is not complete")
        if internet(families):
            lines = [line for line in log.read_text(errors="replace").splitlines() if "AF_INET" in line]
            fail("internet sockets were opened:\n" + "\n".join(lines[:20]))
    print("no internet socket in any process")


if __name__ == "__main__":
    main()
