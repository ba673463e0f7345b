//! What a program cannot change, and how it cannot get out.

use crate::world::World;
use opzest_sandbox::{Ending, RunOutcome};

#[tokio::test]
async fn nothing_outside_can_be_written() {
    let mut world = World::new();
    let folders = [
        "/",
        "/usr",
        "/usr/bin",
        "/etc",
        "/dev",
        "/proc",
        "/proc/self",
        "/lib",
        "/bin",
        "/root",
        "/home",
        "/var/tmp",
        "/work/..",
    ];
    let mut arguments = folders.map(str::to_owned).to_vec();
    arguments.extend([world.folder(), "/etc/passwd".into(), "/usr/bin/env".into()]);
    let text = "import os, sys\nfor path in sys.argv[2:]:\n    target = os.path.join(path, sys.argv[1]) if os.path.isdir(path) else path\n    for call in (lambda: open(target, 'a').write('x'), lambda: os.mkdir(target + 'd'), lambda: os.unlink(path), lambda: os.chmod(path, 0o777), lambda: os.rename(path, '/work/x')):\n        try: print(target, 'GOT', call())\n        except OSError as error: print(target, 'refused', error.errno)\n";
    let report = world.run(text, &arguments).await;
    assert_eq!(report.outcome, RunOutcome::Passed, "{}", report.stderr);
    assert!(!report.stdout.contains("GOT"), "{}", report.stdout);
    assert_eq!(report.stdout.lines().count(), arguments.len() * 5);
}

#[tokio::test]
async fn no_process_outside_can_be_ended() {
    let mut world = World::new();
    let bystander = world.bystander().to_string();
    let test = std::process::id().to_string();
    let text = "import os, signal, sys\nfor pid in [os.getppid(), 1] + [int(a) for a in sys.argv[2:]]:\n    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):\n        try: os.kill(pid, number)\n        except OSError: pass\nprint('still here')";
    let report = world.run(text, &[bystander, test]).await;
    assert_eq!(
        (report.outcome, report.stdout.as_str()),
        (RunOutcome::Passed, "still here\n")
    );

    let report = world.run("import os, signal\nfor i in range(20):\n    if os.fork() == 0: signal.pause()\nos.kill(-1, signal.SIGKILL)\nprint('alone')", &[]).await;
    assert_eq!(
        (report.outcome, report.stdout.as_str()),
        (RunOutcome::Passed, "alone\n")
    );

    let report = world.run("import os\nos.killpg(0, 9)", &[]).await;
    assert_eq!(report.outcome, RunOutcome::Failed(Ending::Signal(9)));
}

#[tokio::test]
async fn links_are_never_followed() {
    let mut world = World::new();
    let secret = format!("{}/secret.txt", world.folder());
    let text = "import os, sys\nos.symlink('/etc/passwd', 'passwords.txt')\nos.symlink(sys.argv[2], 'secret.txt')\nos.symlink(os.path.dirname(sys.argv[2]), 'folder')\nos.symlink('/', 'root')\nos.symlink('/proc/self/environ', 'environ')\n\
os.symlink('loop', 'loop')\nos.remove('main.py')\nos.symlink('/etc/hostname', 'main.py')\nos.mkfifo('pipe')\nimport socket\nsocket.socket(socket.AF_UNIX).bind('socket')\n\
try: os.link('/etc/passwd', 'hard')\nexcept OSError as error: print('refused')\nopen('real.txt', 'w').write('real')\nos.link('real.txt', 'same.txt')\nopen('locked', 'w').write('x'); os.chmod('locked', 0)\nos.mkdir('..hidden'); open('..hidden/.. .txt', 'w').write('odd')\nopen('new\\nline', 'w').write('n')";
    let report = world.run(text, &[secret]).await;
    assert_eq!(report.outcome, RunOutcome::Passed, "{}", report.stderr);
    assert_eq!(report.stdout, "refused\n");
    let names: Vec<_> = report
        .written
        .iter()
        .map(|file| file.name.as_str())
        .filter(|name| *name != "locked")
        .collect();
    assert_eq!(
        names,
        ["..hidden/.. .txt", "new\nline", "real.txt", "same.txt"]
    );
    // Root may read the locked file, others may not.
    assert!((9..=10).contains(&report.left_out), "{}", report.left_out);
}

#[tokio::test]
async fn very_deep_and_very_many_files_are_cut() {
    let mut world = World::new();
    let text = "import os\nfor n in range(300): open(f'f{n:03}', 'w').write('x' * n)\nos.mkdir('d')\nfor depth in range(200):\n    os.chdir('d' if depth == 0 else 'e'); os.mkdir('e')\nopen('deep', 'w').write('x')";
    let report = world.run(text, &[]).await;
    assert_eq!(report.outcome, RunOutcome::Passed, "{}", report.stderr);
    assert_eq!((report.written.len(), report.left_out), (50, 251));
}

/// By the numbers of the processor's own table, as a program without libc would.
#[tokio::test]
async fn dangerous_system_calls_are_refused() {
    let mut world = World::new();
    let text = r#"
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
calls = {  # name: (x86-64, aarch64, arguments)
    "ptrace": (101, 117, (16, 1, 0, 0)), "process_vm_readv": (310, 270, (1, 0, 0, 0, 0, 0)),
    "add_key": (248, 217, (b"user", b"a", b"b", 1, -3)), "keyctl": (250, 219, (0, -3, 1)),
    "unshare user": (272, 97, (0x10000000,)), "unshare mount": (272, 97, (0x20000,)), "setns": (308, 268, (0, 0)),
    "clone user": (56, 220, (0x10000000 | 17, 0, 0, 0, 0)), "mount": (165, 40, (b"x", b"/work", b"tmpfs", 0, 0)),
    "umount": (166, 39, (b"/work", 2)), "pivot_root": (155, 41, (b"/", b"/")), "chroot": (161, 51, (b"/work",)),
    "bpf": (321, 280, (0, 0, 0)), "perf_event_open": (298, 241, (0, 0, 0, 0, 0)), "userfaultfd": (323, 282, (0,)),
    "fsopen": (430, 430, (b"tmpfs", 0)), "open_by_handle_at": (304, 265, (0, 0, 0)), "init_module": (175, 105, (0, 0, 0)),
    "reboot": (169, 142, (0, 0, 0, 0)), "kexec_load": (246, 104, (0, 0, 0, 0)), "syslog": (103, 116, (3, 0, 0)),
    "shmget": (29, 194, (0, 4096, 0o1600)), "sethostname": (170, 161, (b"x", 1)), "swapon": (167, 224, (b"/work", 0)),
    "setuid 0": (105, 146, (0,)),
}
for name, (a, b, arguments) in calls.items():
    arguments = [ctypes.c_long(x) if isinstance(x, int) else x for x in arguments]
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(a if x86 else b), *arguments)
    if result == 0 and name == "clone user": __import__("os")._exit(0)
    print(name, result, errno.errorcode.get(ctypes.get_errno()))
unknown = {"clone3": (435, 435), "io_uring_setup": (425, 425), "memfd_create": (319, 279)}
for name, (a, b) in unknown.items():
    result = libc.syscall(ctypes.c_long(a if x86 else b), b"x", ctypes.c_long(0), ctypes.c_long(0))
    print(name, result, errno.errorcode.get(ctypes.get_errno()))
if x86:
    print("x32", libc.syscall(ctypes.c_long(0x40000000 | 39)), errno.errorcode.get(ctypes.get_errno()))
"#;
    let report = world.run(text, &[]).await;
    assert_eq!(report.outcome, RunOutcome::Passed, "{}", report.stderr);
    for line in report.stdout.lines() {
        let unknown = ["clone3", "io_uring", "memfd", "x32"]
            .iter()
            .any(|name| line.starts_with(name));
        let ends: &[&str] = if unknown {
            &["-1 ENOSYS"]
        } else if line.starts_with("setuid") {
            &["-1 EPERM", "-1 EINVAL"]
        } else {
            &["-1 EPERM"]
        };
        assert!(
            ends.iter().any(|end| line.ends_with(end)),
            "{line}\n{}",
            report.stdout
        );
    }
    assert!(report.stdout.lines().count() >= 28);
}

#[tokio::test]
async fn no_program_gives_more_rights() {
    let mut world = World::new();
    let text = r#"
import glob, os, stat, subprocess
status = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
print(status["NoNewPrivs"], status["CapEff"], status["CapBnd"], status["Seccomp"])
programs = [p for p in glob.glob("/usr/bin/*") + glob.glob("/usr/sbin/*") if os.path.isfile(p) and os.stat(p).st_mode & (stat.S_ISUID | stat.S_ISGID)]
os.setxattr if False else None
for name, command in {"su": ["su", "root", "-c", "id -u"], "sudo": ["sudo", "-n", "id", "-u"], "mount": ["mount", "-t", "tmpfs", "x", "/work"],
                      "unshare": ["unshare", "-Ur", "id", "-u"], "bwrap": ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "id", "-u"]}.items():
    try: result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError: continue
    print(name, result.returncode != 0 and "0" not in result.stdout.split())
for call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.chown("main.py", 0, 0), lambda: os.chroot("/work"), lambda: os.nice(-10)):
    try: call(); print("GOT")
    except OSError as error: print("refused")
"#;
    let report = world.run(text, &[]).await;
    assert_eq!(report.outcome, RunOutcome::Passed, "{}", report.stderr);
    let mut lines = report.stdout.lines();
    assert_eq!(
        lines.next(),
        Some("1 0000000000000000 0000000000000000 2"),
        "{}",
        report.stdout
    );
    assert!(
        lines.all(|line| line == "refused" || line.ends_with(" True")),
        "{}",
        report.stdout
    );
}
