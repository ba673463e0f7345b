#!/usr/bin/env python3
"""Exits with 0 if a Wayland or X display answers, with 1 (and the reason) if a window cannot open."""

import os
import re
import socket
import sys


def answers(address, family=socket.AF_UNIX):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(3)
            connection.connect(address)
        return True
    except OSError:
        return False


def wayland(name):
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    return answers(os.path.join(folder, name))


def x11(display):
    parts = re.fullmatch(r"(.*):(\d+)(?:\.\d+)?", display)
    if not parts:
        return False
    host, number = parts[1], int(parts[2])
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return answers(path) or answers("\0" + path)
    # Forwarded, as by ssh -X.
    return any(
        answers((host.strip("[]"), 6000 + number), family) for family in (socket.AF_INET, socket.AF_INET6)
    )


def main():
    tried = []
    for variable, check in (("WAYLAND_DISPLAY", wayland), ("DISPLAY", x11)):
        value = os.environ.get(variable)
        if not value:
            continue
        if check(value):
            return 0
        tried.append(f"{variable}={value} does not answer")
    print("; ".join(tried) or "neither DISPLAY nor WAYLAND_DISPLAY is set")
    return 1


if __name__ == "__main__":
    sys.exit(main())
