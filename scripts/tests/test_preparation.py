"""system-packages.sh, toolchain.sh and node-packages.sh, in a made-up machine of stub commands."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
# What the scripts themselves are written with; everything else is on the machine only as a stub.
BASICS = "bash env dirname sed awk grep sort head cat mkdir chmod touch sha256sum id".split()
BUILD_TOOLS = "c++ make cmake pkg-config perl bwrap python3".split()


class Machine(unittest.TestCase):
    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="opzest-script-test-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.bin = self.work / "bin"
        self.bin.mkdir()
        for name in BASICS:
            (self.bin / name).symlink_to(shutil.which(name))
        self.log = self.work / "log"
        self.log.touch()
        # The scripts find the repository beside themselves.
        self.root = self.work / "repository"
        shutil.copytree(SCRIPTS, self.root / "scripts", ignore=shutil.ignore_patterns("tests", "peers"))
        (self.root / "Cargo.toml").write_text('[workspace.package]\nrust-version = "1.95"\n')
        (self.root / "ui").mkdir()
        (self.root / "ui" / "package-lock.json").write_text("{}")
        self.stub("uname", "echo Linux")
        self.libclang = self.work / "llvm"
        self.libclang.mkdir()
        (self.libclang / "libclang.so").touch()

    def stub(self, name, body="exit 0"):
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/bash\n{body}\n')
        path.chmod(0o755)

    def run_script(self, name, *arguments):
        return subprocess.run(
            [str(self.root / "scripts" / name), *arguments],
            env={
                "PATH": str(self.bin),
                "HOME": str(self.work),
                "LIBCLANG_PATH": str(self.libclang),
                "LOG": str(self.log),
                "BIN": str(self.bin),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def logged(self):
        return self.log.read_text().splitlines()

    def assert_refused(self, result, *words):
        self.assertEqual(result.returncode, 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)


class SystemPackages(Machine):
    def debian(self, installs="true"):
        self.stub("dpkg-query")
        self.stub("apt-get", f'echo "apt-get $*" >>"$LOG"\n[ "$1" = update ] || {installs}')

    def root_user(self, yes):
        self.stub("id", f"echo {0 if yes else 1000}")

    def with_tools(self, *without):
        for name in BUILD_TOOLS:
            if name not in without:
                self.stub(name)

    def test_nothing_runs_when_all_is_there(self):
        self.debian()
        self.with_tools()
        result = self.run_script("system-packages.sh", "build")
        self.assertEqual((result.returncode, result.stderr, self.logged()), (0, "", []))

    def test_only_what_is_missing_is_installed(self):
        self.debian(installs='printf "#!/bin/bash\\n" >"$BIN/cmake" && chmod +x "$BIN/cmake"')
        self.with_tools("cmake")
        self.root_user(True)
        result = self.run_script("system-packages.sh", "build")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(
            self.logged(), ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends cmake"]
        )

    def test_a_user_installs_with_sudo(self):
        self.debian(installs='printf "#!/bin/bash\\n" >"$BIN/cmake" && chmod +x "$BIN/cmake"')
        self.with_tools("cmake")
        self.root_user(False)
        self.stub("sudo", 'echo "sudo $3" >>"$LOG"\n"$@"')
        result = self.run_script("system-packages.sh", "build")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.logged()[0], "sudo apt-get")

    def test_without_root_and_sudo_the_packages_are_named(self):
        self.debian()
        self.with_tools("cmake", "perl")
        self.root_user(False)
        self.assert_refused(
            self.run_script("system-packages.sh", "build"),
            "neither root nor sudo",
            "apt-get install --no-install-recommends cmake perl",
        )
        self.assertEqual(self.logged(), [])

    def test_a_failing_install_is_told(self):
        self.debian(installs="exit 100")
        self.with_tools("cmake")
        self.root_user(True)
        self.assert_refused(self.run_script("system-packages.sh", "build"), "could not install: cmake")

    def test_an_install_without_effect_is_told(self):
        self.debian()
        self.with_tools("cmake")
        self.root_user(True)
        self.assert_refused(self.run_script("system-packages.sh", "build"), "still not found: CMake")

    def test_other_systems_are_told_what_to_install(self):
        self.with_tools("cmake")
        self.stub("pkg-config", 'case "$2" in webkit2gtk-4.1) exit 1 ;; esac')
        for manager, words in {
            "dnf": "sudo dnf install cmake webkit2gtk4.1-devel",
            "pacman": "sudo pacman -S --needed cmake webkit2gtk-4.1",
        }.items():
            self.stub(manager)
            result = self.run_script("system-packages.sh", "build")
            self.assert_refused(result, "missing on this system: CMake, WebKitGTK 4.1", words)
            (self.bin / manager).unlink()
        self.assert_refused(
            self.run_script("system-packages.sh", "build"), "On Debian the packages are called: cmake lib"
        )

    def test_an_unknown_set_is_refused(self):
        self.assert_refused(self.run_script("system-packages.sh", "all"), "unknown set of packages `all`")


class Toolchain(Machine):
    def setUp(self):
        super().setUp()
        self.stub("cargo", 'echo "cargo 1.95.0 (abc 2026-01-01)"')
        self.stub("node", "echo v20.20.2")
        self.stub("npm")
        self.stub("python3")

    def check(self):
        return self.run_script("toolchain.sh")

    def test_a_complete_toolchain_passes_silently(self):
        result = self.check()
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_each_missing_tool_is_named(self):
        for tool, words in {
            "cargo": "cargo is not installed",
            "node": "Node is not installed",
            "npm": "npm is not installed, although Node 20.20.2 is",
            "python3": "python3 is not installed",
        }.items():
            with self.subTest(tool):
                kept = self.bin / tool
                aside = self.work / tool
                kept.rename(aside)
                self.assert_refused(self.check(), words)
                aside.rename(kept)

    def test_an_old_rust_is_named(self):
        self.stub("cargo", 'echo "cargo 1.75.0 (abc 2024-01-01)"')
        self.assert_refused(self.check(), "Rust 1.75.0 is too old", "1.95", "rustup update")

    def test_which_nodes_are_supported(self):
        for version, supported in {
            "18.19.0": False, "20.18.1": False, "20.19.0": True, "20.100.0": True, "21.7.3": False,
            "22.11.0": False, "22.12.0": True, "24.1.0": True,
        }.items():  # fmt: skip
            with self.subTest(version):
                self.stub("node", f"echo v{version}")
                result = self.check()
                if supported:
                    self.assertEqual(result.returncode, 0, result.stderr)
                else:
                    self.assert_refused(result, f"Node {version} is not supported", "20.19")


class NodePackages(Machine):
    def setUp(self):
        super().setUp()
        self.stub("node", "echo v20.20.2")
        self.stub("npm", 'echo "npm $1" >>"$LOG"\nmkdir -p node_modules')

    def install(self):
        return self.run_script("node-packages.sh")

    def test_installed_once_and_again_when_something_changes(self):
        for _ in range(2):
            self.assertEqual(self.install().returncode, 0)
        self.assertEqual(self.logged(), ["npm ci"])
        (self.root / "ui" / "package-lock.json").write_text('{"changed": true}')
        self.assertEqual(self.install().returncode, 0)
        self.stub("node", "echo v22.12.0")
        self.assertEqual(self.install().returncode, 0)
        self.assertEqual(self.logged(), ["npm ci"] * 3)

    def test_a_failed_install_is_told_and_tried_again(self):
        self.stub("npm", 'mkdir -p node_modules\nexit 1')
        self.assert_refused(self.install(), "npm could not install")
        self.stub("npm", 'echo "npm $1" >>"$LOG"')
        self.assertEqual(self.install().returncode, 0)
        self.assertEqual(self.logged(), ["npm ci"])

    def test_a_missing_lock_file_is_named(self):
        (self.root / "ui" / "package-lock.json").unlink()
        self.assert_refused(self.install(), "ui/package-lock.json is missing")


if __name__ == "__main__":
    unittest.main()
