"""test.sh, run.sh and the gate with stubs in place of what they start."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Repository(unittest.TestCase):
    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="opzest-script-test-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.root = self.work / "repository"
        ignored = shutil.ignore_patterns("tests", "peers", "__pycache__")
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=ignored)
        shutil.copytree(ROOT / ".ci", self.root / ".ci")
        self.bin = self.work / "bin"
        self.log = self.work / "log"
        self.log.touch()
        self.script(self.root / "scripts" / "prepare.sh", "exit 0")
        for tool in ("cargo", "npm"):
            self.log_calls(self.bin / tool)

    def script(self, path, body):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)

    def log_calls(self, path, then="exit 0"):
        self.script(path, f'echo "{path.name} $*" >>"{self.log}"\n{then}')

    def call(self, *command, **changes):
        environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.work),
            "TMPDIR": str(self.work),
            **changes,
        }
        return subprocess.run(
            [str(self.root / command[0]), *command[1:]],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def logged(self):
        return self.log.read_text().splitlines()


class Test(Repository):
    def test_a_run_closes_with_its_count(self):
        result = self.call("scripts/test.sh", "format", "ui-units")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.splitlines()[-1], "3 passed, 0 failed")
        self.assertIn("cargo fmt --all --check", self.logged())
        self.assertIn("npm --prefix ui run --silent test", self.logged())

    def test_a_failing_part_fails_the_run_and_the_rest_still_runs(self):
        self.log_calls(self.bin / "cargo", then="exit 1")
        result = self.call("scripts/test.sh", "format", "ui-units")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[-1], "2 passed, 1 failed")
        self.assertRegex(result.stdout, r"format +FAILED")
        self.assertIn("npm --prefix ui run --silent test", self.logged())

    def test_nothing_passes_when_the_preparation_failed(self):
        self.script(self.root / "scripts" / "prepare.sh", "exit 1")
        result = self.call("scripts/test.sh", "format", "ui-units")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[-1], "0 passed, 3 failed")
        self.assertEqual(self.logged(), [])

    def test_without_nextest_it_says_so_and_uses_cargo_test(self):
        self.log_calls(self.bin / "cargo", then='[ "$1" != nextest ]')
        result = self.call("scripts/test.sh", "rust")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("cargo-nextest is not installed", result.stdout)
        self.assertRegex(self.logged()[-1], "^cargo test ")

    def test_what_failed_is_said_again_at_the_end(self):
        self.log_calls(self.bin / "cargo", then='echo "error: it broke" >&2; exit 1')
        result = self.call("scripts/test.sh", "format", "ui-units")
        self.assertRegex(result.stdout, r"(?s)== what failed in format\nerror: it broke\n.*1 failed$")

    def test_a_browser_test_gets_one_more_try_which_the_table_names(self):
        for spec in ("calm", "stalled"):
            (self.root / "ui" / "e2e").mkdir(parents=True, exist_ok=True)
            (self.root / "ui" / "e2e" / f"{spec}.spec.mjs").touch()
        stalls = f'case "$*" in *stalled*) [ -f "{self.work}/$STALLS" ] || {{ touch "{self.work}/once"; exit 1; }};; esac'
        self.log_calls(self.bin / "node", then=stalls)
        once = self.call("scripts/test.sh", "browser", STALLS="once")
        self.assertEqual(once.returncode, 0, once.stdout)
        self.assertRegex(once.stdout, r"browser +passed .*\(second try: ui/e2e/stalled.spec.mjs\)")
        always = self.call("scripts/test.sh", "browser", STALLS="never")
        self.assertEqual(always.returncode, 1)
        self.assertRegex(always.stdout, r"browser +FAILED")

    def test_an_unknown_part_is_refused(self):
        result = self.call("scripts/test.sh", "everything")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no test part `everything`", result.stderr)


class Run(Repository):
    def setUp(self):
        super().setUp()
        built = self.root / "target" / "debug"
        self.log_calls(built / "opzest")
        self.script(
            built / "opzest-desktop", f'echo "window $OPZEST_DATA" >>"{self.log}"; mkdir -p "$OPZEST_DATA/x"'
        )

    def test_without_a_display_the_terminal_opens_and_says_why(self):
        result = self.call("scripts/run.sh")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("neither DISPLAY nor WAYLAND_DISPLAY is set", result.stderr)
        self.assertEqual(self.logged()[-1], "opzest chat")

    def test_a_display_that_does_not_answer_is_none(self):
        result = self.call("scripts/run.sh", DISPLAY=":4711")
        self.assertIn("DISPLAY=:4711 does not answer", result.stderr)
        self.assertEqual(self.logged()[-1], "opzest chat")

    def test_a_demonstration_leaves_nothing(self):
        self.script(self.root / "scripts" / "display.py", "exit 0")
        result = self.call("scripts/run.sh", "demo")
        self.assertEqual(result.returncode, 0, result.stderr)
        folder = Path(self.logged()[-1].removeprefix("window "))
        self.assertEqual(folder.parent, self.work)
        self.assertFalse(folder.exists())

    def test_what_cannot_be_built_is_not_opened(self):
        self.log_calls(self.bin / "cargo", then="exit 101")
        result = self.call("scripts/run.sh")
        self.assertEqual(result.returncode, 1)
        self.assertIn("could not be built", result.stderr)
        self.assertEqual(len(self.logged()), 1)


class Gate(Repository):
    def test_it_is_make_test_with_a_cache_of_this_processor(self):
        self.script(self.bin / "rustc", "echo rustc 1.95.0")
        self.script(self.bin / "make", f'echo "make $* $CARGO_TARGET_DIR $npm_config_cache" >>"{self.log}"; exit 3')
        result = self.call(".ci/run", CI="true")
        self.assertEqual(result.returncode, 3, result.stderr)
        cache = self.work / ".cache" / "opzest-ci"
        self.assertRegex(self.logged()[0], f"^make test {cache}/target-[0-9a-f]{{12}} {cache}/npm$")

    def test_a_cache_that_grew_too_large_loses_its_oldest_part(self):
        self.script(self.bin / "rustc", "echo rustc 1.95.0")
        self.log_calls(self.bin / "make")
        cache = self.work / ".cache" / "opzest-ci"
        for age, name in enumerate(["npm", "target-new", "target-old"]):
            (cache / name).mkdir(parents=True)
            os.utime(cache / name, (1e9 - age, 1e9 - age))
        # As if each part had 12 GB.
        self.script(self.bin / "du", 'echo "$(($(ls "${@: -1}" | wc -l) * 12)) x" | tr " " "\\t"')
        result = self.call(".ci/run", CI="true")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(sorted(p.name for p in cache.iterdir()), ["npm", "target-new"])


if __name__ == "__main__":
    unittest.main()
