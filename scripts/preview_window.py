#!/usr/bin/env python3
"""The running preview of generated pages in the real window: what it shows and tells, and what no page gets.

strace watches every process of the app all the time: whatever the pages try, none may open an internet socket.
A control without the preview's locks shows that the tries are real ones and would be noticed.
Usage: preview_window.py PREVIEW_PROBE [--shots FOLDER] [unittest's arguments]
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from preview_probe import PAGES, Probe, Server, page
from private_window import fail, internet, socket_families, start_screen, traced, wait_for

NEEDED = ["Xvfb", "xdotool", "strace", "dbus-run-session", "import", "convert", "ps"]
EXITS = re.findall(r"^        (\w+): \(\) =>", (PAGES / "network.html").read_text(encoding="utf-8"), re.M)
REFRESH = '<meta http-equiv="refresh" content="0; url=http://@SERVER@/refresh">text'


class Previews(unittest.TestCase):
    """One app for all tests; each uses sessions of its own."""

    program = shots = probe = server = folder = screen = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="opzest-preview-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.screen, display = start_screen(cls.folder)
        cls.addClassCleanup(end_screen, cls.screen)
        cls.server = Server({})
        cls.display = display
        cls.probe = Probe(cls.program, cls.folder, display, traced)
        cls.addClassCleanup(end_process, cls.probe)

    def begin(self, session, html, title=None, **others):
        """Begins to show a page. Other files: name=text, with `_` for the dot."""
        files = [{"name": "index.html", "text": html}]
        files += [{"name": name.replace("_", "."), "text": text} for name, text in others.items()]
        self.addCleanup(self.probe.do, "close", id=session)
        return self.probe.begin("show", id=session, title=title or session, files=files)

    def show(self, session, html, **others):
        return self.probe.end(self.begin(session, html, **others))

    def assert_fine(self, report):
        self.assertEqual(report, {"loaded": True, "errors": [], "ended": None})

    def said(self, session, report, word):
        """What a page said about itself as `WORD JSON`, in its report or later."""

        def find():
            errors = [event["error"] for event in self.probe.events_of(session) if "error" in event]
            for error in [*report["errors"], *errors]:
                if error["message"].startswith(word + " "):
                    return error["message"]
            return None

        self.probe.wait_for(f"{word} of {session}, with the report {report}", find, 10)
        return json.loads(find()[len(word):])

    def windows(self):
        return set(self.probe.keys("search", "--onlyvisible", "--name", "."))

    def picture(self, title, name):
        """A picture of a preview's window; kept with --shots."""
        window = wait_for(f"the window of {title}", 20, lambda: self.probe.window(title))
        path = pathlib.Path(self.shots or self.folder) / f"{name}.png"
        subprocess.run(["import", "-window", window, str(path)], env=self.probe.environment, check=True)
        return path

    # What a preview is for.

    def test_a_page_runs(self):
        report = self.show("runs", page("drawing.html"), title="A drawing")
        self.assert_fine(report)

        def colours():
            path = self.picture("A drawing", "drawing")
            command = ["convert", str(path), "-format", "%[pixel:p{50,150}] %[pixel:p{250,150}]", "info:"]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        # Green is what an interval draws on a canvas, blue comes from the stylesheet.
        wait_for("the drawing", 20, lambda: colours() == "srgb(0,128,0) srgb(0,0,200)")

    def test_other_files_of_the_page_are_served(self):
        html = "<link rel=stylesheet href=/style.css><script src=app.js></script><script src='sub/missing.js'></script>"
        report = self.show(
            "files", html, style_css="html { color: rgb(1, 2, 3) }",
            app_js="\nfetch('data.json').then((it) => it.json()).then((it) => console.error('GOT ' + JSON.stringify("
            "[it.a, getComputedStyle(document.documentElement).color])));\n\nlost.call()",
            data_json='{"a": 7}',
        )
        self.assertEqual(self.said("files", report, "GOT"), [7, "rgb(1, 2, 3)"])
        places = {error["kind"]: (error["source"], error["line"]) for error in report["errors"]}
        self.assertEqual(places["uncaught"], ("app.js", 4))
        missing = [error["message"] for error in report["errors"] if error["kind"] == "missing"]
        self.assertEqual(missing, ["<script> asks for the file sub/missing.js, which is not there or cannot be read"])

    def test_errors_have_message_and_place(self):
        report = self.show("errors", page("errors.html"))
        self.assertTrue(report["loaded"])
        errors = {error["message"]: (error["kind"], error["source"], error["line"]) for error in report["errors"]}
        self.assertEqual(
            errors,
            {
                "ReferenceError: Can't find variable: score": ("uncaught", "index.html", 7),
                "SyntaxError: Unexpected token ')'": ("uncaught", "index.html", 10),
                'lost: {"lives":3}': ("console", "index.html", 13),
                "Error: no promise": ("rejection", "index.html", 14),
                "TypeError: null is not an object (evaluating 'null.late')": ("uncaught", "index.html", 16),
            },
        )

    def test_errors_after_the_report_are_events(self):
        self.assert_fine(self.show("later", "<script>setTimeout(() => tooLate(), 2500)</script>"))
        self.probe.wait_for("the late error", lambda: self.probe.events_of("later"))
        error = self.probe.events_of("later")[0]["error"]
        self.assertEqual(error["message"], "ReferenceError: Can't find variable: tooLate")
        self.assertEqual(error["line"], 1)

    def test_a_flood_of_errors_is_cut(self):
        html = "<script>for (let i = 0; i < 1e5; i++) console.error(i + 'x'.repeat(1e4)); setInterval(() => boom(), 1)</script>"
        report = self.show("flood", html)
        self.assertEqual(len(report["errors"]), 50)
        self.assertTrue(all(len(error["message"]) <= 2000 for error in report["errors"]))

    def test_pages_of_all_shapes(self):
        large = "<!doctype html>" + f"<p>{'0123456789' * 25}" * 20_000 + "<script>console.error('SHAPE ' + "
        large += "JSON.stringify([document.compatMode, document.querySelectorAll('p').length]))</script>"
        self.assertGreater(len(large), 5_000_000)
        tell = "<script>\nconsole.error('SHAPE ' + JSON.stringify([document.compatMode, "
        tell += "document.querySelectorAll('p').length])); wrong()</script>"
        shapes = {
            "large": (large, ["CSS1Compat", 20_000]),
            "headless": ("<p>no head, no type" + tell, ["BackCompat", 1]),
            "commented": ("\ufeff<!-- first --> <!DOCTYPE html><html lang=de><head id=own><p>" + tell, ["CSS1Compat", 1]),
            "guarded": (
                "<!doctype html><meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                "script-src 'unsafe-inline'; connect-src 'none'\"><p>" + tell, ["CSS1Compat", 1],
            ),
        }
        orders = {name: self.begin(name, html) for name, (html, _) in shapes.items()}
        for name, (_, shape) in shapes.items():
            with self.subTest(name):
                report = self.probe.end(orders[name])
                self.assertTrue(report["loaded"])
                self.assertEqual(self.said(name, report, "SHAPE"), shape)
                if name != "large":
                    wrong = [error["line"] for error in report["errors"] if error["kind"] == "uncaught"]
                    self.assertEqual(wrong, [2])

    def test_a_page_that_replaces_everything_is_still_heard(self):
        report = self.show("replaces", page("replaces.html"))
        messages = [error["message"] for error in report["errors"]]
        self.assertIn("ReferenceError: Can't find variable: gone", messages)
        self.assertIn("Error: rejected", messages)

    def test_a_new_version_stays_in_the_window(self):
        self.assert_fine(self.show("versions", "<p>one<script>localStorage.x = 1</script>", title="First"))
        window = self.probe.window("First")
        self.probe.keys("windowmove", "--sync", window, "333", "222")
        main = self.probe.keys("search", "--onlyvisible", "--name", "^OpZest$")[0]
        self.probe.keys("windowfocus", "--sync", main)
        report = self.show("versions", "<p>two<script>console.error('KEPT ' + localStorage.x)</script>", title="Second")
        self.assertEqual(self.said("versions", report, "KEPT"), 1)
        self.assertEqual(self.probe.window("Second"), window)
        place = self.probe.keys("getwindowgeometry", "--shell", window)
        self.assertIn("X=333", place)
        self.assertIn("Y=222", place)
        self.assertEqual(self.probe.keys("getwindowfocus"), [main])

    def test_a_window_that_the_user_closes_is_told(self):
        self.assert_fine(self.show("closes", "<p>bye"))
        self.probe.do("closeWindow", title="Preview: closes")
        self.probe.wait_for("the end", lambda: self.probe.events_of("closes") == [{"ended": "closed"}])
        self.assert_fine(self.show("closes", "<p>again"))

    def test_an_empty_artifact_is_told(self):
        answer = self.probe.do("show", id="empty", title="x", files=[])
        self.assertEqual(answer, {"problem": "there is no page to show: the artifact is empty"})

    # What no page gets.

    def test_an_endless_loop_is_taken_away_and_the_app_answers_meanwhile(self):
        beside = self.begin("beside", "<p>still here")
        later = self.begin("later loop", "<p>turns<script>setTimeout(() => { while (true); }, 1600)</script>")
        busy = self.begin("busy", "<p>thinks<script>for (const end = Date.now() + 3000; Date.now() < end; );</script>")
        loop = self.begin("loop", "<p>turns<script>while (true);</script>")
        self.assert_fine(self.probe.end(beside))
        self.assert_fine(self.probe.end(later))
        self.assert_fine(self.probe.end(busy))
        slowest = 0
        while loop not in self.probe.answers:
            began = time.monotonic()
            self.assertEqual(self.probe.call("app_info")[0], "ok")
            slowest = max(slowest, time.monotonic() - began)
        self.assertEqual(self.probe.end(loop), {"loaded": False, "errors": [], "ended": "frozen"})
        self.assertLess(slowest, 2.0, "the main window waited for the preview")
        wait_for("the end of its window", 20, lambda: self.probe.window("loop") is None)
        # While a window goes, the search for windows may find none at all.
        wait_for("the window beside it", 20, lambda: self.probe.window("beside"))
        self.assert_fine(self.show("loop", "<p>repaired"))
        # After the report it is an event.
        self.probe.wait_for("the end", lambda: self.probe.events_of("later loop") == [{"ended": "frozen"}])
        # Nothing turns on in the background: the app's own page is left, and those that answer.
        left = len(["the app", "beside", "busy", "loop"])
        wait_for("the end of the processes", 20, lambda: len(self.probe.web_processes()) == left)

    def test_a_page_whose_process_dies_is_told(self):
        before = self.probe.web_processes()
        self.assert_fine(self.show("dies", "<p>soon gone"))
        (process,) = self.probe.web_processes() - before
        os.kill(int(process), signal.SIGKILL)
        self.probe.wait_for("the end", lambda: self.probe.events_of("dies") == [{"ended": "crashed"}])
        wait_for("the end of its window", 20, lambda: self.probe.window("dies") is None)

    def test_a_new_version_does_not_wait_for_a_frozen_one(self):
        self.begin("stuck", "<script>while (true);</script>")
        wait_for("its window", 20, lambda: self.probe.window("stuck"))
        self.assert_fine(self.show("stuck", "<p>the next", title="next"))

    def test_sessions_share_no_storage(self):
        store = "<script>console.error('HAD ' + JSON.stringify([localStorage.secret ?? null, document.cookie])); "
        store += "localStorage.secret = 1; document.cookie = 'secret=1'; caches.open('a').catch(() => {})</script>"
        orders = {session: self.begin(session, store) for session in ("one", "two", "three")}
        for session, order in orders.items():
            self.assertEqual(self.said(session, self.probe.end(order), "HAD"), [None, ""])

    def test_nothing_bothers_the_user_or_outlives_the_page(self):
        report = self.show("abuse", page("abuse.html"))
        got = self.said("abuse", report, "GOT")
        self.assertEqual(got.pop("dialogs"), "quick")
        for name in ("download", "history"):
            self.assertIn(got.pop(name), ("clicked", "refused"))
        self.assertEqual(set(got.values()) - {"refused", "no answer"}, set(), got)
        self.assertEqual([*self.folder.rglob("*stolen*"), *self.folder.rglob("download*")], [])
        self.picture("abuse", "abuse")
        (main,) = self.probe.keys("search", "--onlyvisible", "--name", "^OpZest$")
        # Windows of earlier tests may still be closing.
        wait_for("the page's window as the only one beside the app's", 20, lambda: self.windows() == {
            main, self.probe.window("abuse"),
        })

    def test_no_command_and_nothing_of_the_app(self):
        self.assert_fine(self.show("neighbour", "<p>its own page"))
        report = self.show("commands", page("commands.html"))
        self.assertEqual(self.said("commands", report, "FOUND"), [])
        refused = [error["message"] for error in report["errors"] if "opzest-preview://p" in error["message"]]
        self.assertEqual(len(refused), 1, report)
        status, info = self.probe.call("app_info")
        self.assertEqual((status, info["firstStart"]), ("ok", True))
        # The control: from the main window the same command does what the page wanted.
        self.assertEqual(self.probe.call("finish_welcome")[0], "ok")
        self.assertEqual(self.probe.call("app_info")[1]["firstStart"], False)

    def test_another_window_of_tauris_may_call_nothing(self):
        self.assertIsNone(self.probe.do("open", label="preview", url="index.html"))
        for command in (
            "call", "pick_model_file", "save_text_file", "plugin:dialog|open", "plugin:fs|read_text_file",
            "plugin:window|close", "plugin:window|set_title", "plugin:webview|create_webview_window",
            "plugin:event|emit", "plugin:app|version", "plugin:path|resolve_directory", "plugin:image|from_path",
        ):  # fmt: skip
            with self.subTest(command):
                status, answer = self.probe.invoke("preview", command)
                self.assertEqual(status, "error")
                self.assertRegex(str(answer), "not allowed")
        self.probe.do("closeWindow", title="preview")

    def test_no_way_to_the_network(self):
        report = self.show("network", page("network.html", server=self.server.address, udp=self.server.udp))
        self.assertTrue(report["loaded"])
        self.assertIsNone(report["ended"])
        self.assertIn("refused", {error["kind"] for error in report["errors"]})
        report = self.show("refresh", REFRESH.replace("@SERVER@", self.server.address))
        self.assertEqual([error["kind"] for error in report["errors"]], ["refused"])

    # The end: last by its name.

    def test_zz_the_main_window_ends_everything_and_no_internet_socket_was_opened(self):
        self.probe.begin("show", id="last", title="last", files=[{"name": "a.html", "text": "<p>still open"}])
        wait_for("its window", 20, lambda: self.probe.window("last"))
        self.probe.do("closeWindow", title="OpZest")
        self.assertEqual(self.probe.process.wait(timeout=60), 0)
        log = self.probe.log.read_text(errors="replace")
        for program in ("WebKitWebProcess", "WebKitNetworkProcess"):
            self.assertRegex(log, rf"execve\(.*{program}.* = 0", "a process was not watched")
        self.assertEqual(internet(socket_families(self.probe.log)), {}, re.findall(r".*AF_INET.*", log)[:20])
        self.assertEqual(self.server.heard, [])


class Control(unittest.TestCase):
    """The page of `test_no_way_to_the_network` without the preview's locks."""

    program = None

    def test_the_server_would_have_noticed(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="opzest-preview-control-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        frames = "".join(f'<iframe src="/page?leave={name}"></iframe>' for name in EXITS)
        pages = {"frames": frames, "page": page("network.html"), "refresh-page": REFRESH, "favicon.ico": ""}
        server = Server(pages)
        screen, display = start_screen(folder)
        self.addCleanup(end_screen, screen)
        probe = Probe(self.program, folder, display, traced)
        self.addCleanup(end_process, probe)
        for label, path in {"stays": "page?leave=", "leaves": "frames", "refreshes": "refresh-page"}.items():
            self.assertIsNone(probe.do("open", label=label, url=f"http://{server.address}/{path}"))
        ways = {
            "fetch", "xhr", "websocket", "eventsource", "beacon", "img", "image", "srcdoc-img", "iframe", "script",
            "module", "stylesheet", "css-image", "css-import", "font", "video", "audio", "object", "embed", "worker",
            "worker-import", "frame-fetch", "location", "replace", "refresh", "link", "form-get", "form-post",
        }  # fmt: skip
        end = time.monotonic() + 30
        while not ways <= set(server.heard) and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(ways - set(server.heard), set(), "the server did not notice these")
        print(f"without the preview's locks the server noticed: {' '.join(sorted(set(server.heard)))}")
        probe.quit()
        self.assertGreater(internet(socket_families(probe.log)).get("AF_INET", 0), 0)


def end_screen(screen):
    screen.terminate()
    screen.wait(timeout=30)


def end_process(probe):
    if probe.process.poll() is None:
        os.killpg(probe.process.pid, signal.SIGTERM)
        probe.process.wait(timeout=30)
    probe.pipe.close()
    probe.process.stdin.close()


def main():
    arguments = sys.argv[1:]
    if not arguments:
        fail("usage: preview_window.py PREVIEW_PROBE [--shots FOLDER] [unittest's arguments]")
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        fail(f"not installed: {', '.join(missing)} (scripts/system-packages.sh test)")
    Previews.program = Control.program = pathlib.Path(arguments.pop(0)).resolve(strict=True)
    if arguments[:1] == ["--shots"]:
        Previews.shots = arguments[1]
        arguments = arguments[2:]
    unittest.main(argv=["preview_window.py", *arguments])


if __name__ == "__main__":
    main()
