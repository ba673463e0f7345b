//! How the Python interpreter is started, the same in the sandbox and outside it.

/// `-s`: nothing from the user's own packages; `-B`: no byte code beside the script.
pub(crate) const OPTIONS: [&str; 2] = ["-s", "-B"];

/// The whole environment of a program. `home` is its folder, `temporary` where temporary files go.
pub(crate) fn environment(home: &str, temporary: &str) -> [(&'static str, String); 10] {
    let text = str::to_owned;
    [
        ("PATH", text("/usr/local/bin:/usr/bin:/bin")),
        ("HOME", text(home)),
        ("TMPDIR", text(temporary)),
        ("LANG", text("C.UTF-8")),
        ("LC_ALL", text("C.UTF-8")),
        ("PYTHONUTF8", text("1")),
        // A program that is ended shows what it printed until then.
        ("PYTHONUNBUFFERED", text("1")),
        ("PYTHONDONTWRITEBYTECODE", text("1")),
        // Names the line at which a program dies of a signal.
        ("PYTHONFAULTHANDLER", text("1")),
        ("PYTHONNOUSERSITE", text("1")),
    ]
}
