//! What a program cannot see.

use crate::world::{SECRET, World};
use opzest_sandbox::RunOutcome;

/// Defines `attempt`, which prints what came of a call.
const ATTEMPT: &str = "import os, sys\ndef attempt(what, call):\n    try: print(what, 'GOT', call())\n    except OSError as error: print(what, 'refused', error.errno)\n";

fn all_refused(printed: &str, count: usize) {
    let refused = printed
        .lines()
        .filter(|line| line.contains(" refused "))
        .count();
    assert!(refused == count && !printed.contains("GOT"), "{printed}");
}

#[tokio::test]
async fn neither_home_nor_passwords_nor_the_data_folder_can_be_read() {
    let mut world = World::new();
    let home = std::env::home_dir().expect("a home").display().to_string();
    let paths = [
        "/etc/shadow",
        "/etc/sudoers",
        "/etc/ssh",
        "/etc/machine-id",
        "/root",
        "/home",
        "/var",
        "/run",
        "/mnt",
        "/media",
        "/opt",
        "/srv",
        "/boot",
        "/sys",
        "/proc/1/root/etc/shadow",
        "/proc/self/root/root",
        "/work/../root",
        "/dev/mem",
        "/dev/sda",
        "/dev/vda",
        "/proc/kcore",
    ];
    let mut arguments: Vec<String> = paths.map(str::to_owned).to_vec();
    arguments.extend([
        home.clone(),
        format!("{home}/.ssh"),
        world.folder(),
        format!("{}/secret.txt", world.folder()),
    ]);
    let text = format!(
        "{ATTEMPT}for path in sys.argv[2:]:\n    attempt(path, lambda: os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(20))\n"
    );
    let report = world.run(&text, &arguments).await;
    assert_eq!(report.outcome, RunOutcome::Passed);
    all_refused(&report.stdout, arguments.len());
    let report = world.run("print(open('/etc/passwd').read(), end='')\nimport os; print(os.listdir('/'), os.listdir('/etc'), os.listdir('/tmp'))", &[]).await;
    assert!(
        report
            .stdout
            .starts_with("user:x:1000:1000::/work:/bin/sh\n["),
        "{}",
        report.stdout
    );
    assert!(
        !report.stdout.contains("shadow")
            && !report.stdout.contains("home")
            && report.stdout.ends_with("[]\n")
    );
}

/// Walks everything it can reach.
#[tokio::test]
async fn the_secret_is_nowhere() {
    let mut world = World::new();
    let folder = world.folder();
    let name = folder.rsplit('/').next().expect("a name").to_owned();
    let text = "import os, sys\nfound = []\nfor top, folders, files in os.walk('/'):\n    if top == '/': folders[:] = [f for f in folders if f not in ('usr', 'proc')]\n    found += [f for f in folders + files if sys.argv[2] in f or f == 'secret.txt']\nmounts = open('/proc/self/mountinfo').read()\nprint(found, sys.argv[2] in mounts, '/home' in mounts)";
    let report = world.run(text, &[name]).await;
    assert_eq!(report.stdout, "[] False False\n");
    assert!(!report.stdout.contains(SECRET));
}

#[tokio::test]
async fn the_environment_of_the_app_is_not_there() {
    let mut world = World::new();
    let text = "import glob, os\nnames = set(os.environ)\nfor path in glob.glob('/proc/[0-9]*/environ'):\n    try: names |= {e.split('=')[0] for e in open(path).read().split('\\0') if e}\n    except OSError: pass\nprint(*sorted(names))";
    let report = world.run(text, &[]).await;
    let known = [
        "HOME",
        "LANG",
        "LC_ALL",
        "OLDPWD",
        "PATH",
        "PWD",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONFAULTHANDLER",
        "PYTHONNOUSERSITE",
        "PYTHONUNBUFFERED",
        "PYTHONUTF8",
        "SHLVL",
        "TMPDIR",
        "_",
    ];
    let seen: Vec<_> = report.stdout.split_whitespace().collect();
    assert!(
        seen.contains(&"HOME") && seen.iter().all(|name| known.contains(name)),
        "{seen:?}"
    );
    // This test's own environment has names that would be noticed.
    assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO")));
}

#[tokio::test]
async fn other_processes_are_not_there() {
    let mut world = World::new();
    let text = "import glob, os\npids = sorted(int(p[6:]) for p in glob.glob('/proc/[0-9]*'))\nprint(pids, os.getpid(), os.getppid())\nprint([open(f'/proc/{p}/comm').read().strip() for p in pids])";
    let report = world.run(text, &[]).await;
    let mut lines = report.stdout.lines();
    assert_eq!(lines.next(), Some("[1, 2] 2 1"), "{}", report.stdout);
    assert!(
        lines
            .next()
            .is_some_and(|line| line.starts_with("['bwrap', 'python")),
        "{}",
        report.stdout
    );
}

/// It has the program's own user, so nothing may be gained by taking it over.
#[tokio::test]
async fn the_first_process_has_nothing_that_the_program_has_not() {
    let mut world = World::new();
    let text = "import os, resource\nlinks = [os.readlink(f'/proc/1/fd/{fd}') for fd in os.listdir('/proc/1/fd')]\nprint([l for l in links if not l.startswith(('pipe:', 'anon_inode:'))])\n\
for pid in ('1', 'self'):\n    status = dict(line.split(':\\t') for line in open(f'/proc/{pid}/status').read().splitlines() if ':\\t' in line)\n    print(*(status[k] for k in ('NoNewPrivs', 'CapEff', 'CapBnd', 'Seccomp', 'Seccomp_filters')))\n\
print([getattr(resource, n) for n in dir(resource) if n.startswith('RLIMIT_') and resource.prlimit(1, getattr(resource, n)) != resource.prlimit(0, getattr(resource, n))])\n\
print(os.readlink('/proc/1/root'), os.readlink('/proc/1/ns/net') == os.readlink('/proc/self/ns/net'), os.readlink('/proc/1/ns/mnt') == os.readlink('/proc/self/ns/mnt'))";
    let report = world.run(text, &[]).await;
    assert_eq!(
        report.stdout,
        "[]\n1 0000000000000000 0000000000000000 2 4\n1 0000000000000000 0000000000000000 2 4\n[]\n/ True True\n",
        "{}",
        report.stderr
    );
}

#[tokio::test]
async fn nothing_that_the_app_has_open_is_inherited() {
    let mut world = World::new();
    let file = std::fs::File::open("/etc/hostname").expect("a file");
    // Like a library that forgets to mark its files.
    let leak = rustix::io::dup(&file).expect("a descriptor");
    rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::empty()).expect("a flag");
    let text = "import os\nfor fd in range(3, 256):\n    try: print(fd, os.readlink(f'/proc/self/fd/{fd}'))\n    except OSError: pass";
    let report = world.run(text, &[]).await;
    assert_eq!(report.stdout, "");
    assert_eq!(report.outcome, RunOutcome::Passed);
}

#[tokio::test]
async fn no_server_can_be_reached() {
    let mut world = World::new();
    let arguments = [
        world.tcp_port().to_string(),
        world.udp_port().to_string(),
        format!("{}/socket", world.folder()),
    ];
    let text = format!(
        "{ATTEMPT}import socket\nsocket.setdefaulttimeout(20)\nmarker, tcp, udp, path = sys.argv[1:]\n\
def dial(family, kind, address):\n    with socket.socket(family, kind) as s:\n        s.connect(address)\n        s.send(b'hello')\n        return s.recv(5)\n\
I, U = socket.AF_INET, socket.AF_UNIX\n\
attempt('tcp', lambda: dial(I, socket.SOCK_STREAM, ('127.0.0.1', int(tcp))))\n\
attempt('udp', lambda: dial(I, socket.SOCK_DGRAM, ('127.0.0.1', int(udp))))\n\
attempt('tcp outside', lambda: dial(I, socket.SOCK_STREAM, ('192.0.2.1', 80)))\n\
attempt('udp outside', lambda: dial(I, socket.SOCK_DGRAM, ('192.0.2.1', 53)))\n\
attempt('tcp6', lambda: dial(socket.AF_INET6, socket.SOCK_STREAM, ('2001:db8::1', 80)))\n\
attempt('dns', lambda: socket.getaddrinfo('example.org', 80))\n\
attempt('abstract', lambda: dial(U, socket.SOCK_STREAM, '\\0' + marker))\n\
attempt('file', lambda: dial(U, socket.SOCK_STREAM, path))\n\
attempt('raw', lambda: socket.socket(I, socket.SOCK_RAW, 1))\n\
attempt('packet', lambda: socket.socket(17, socket.SOCK_RAW))\n\
attempt('netlink', lambda: socket.socket(16, socket.SOCK_RAW))\n\
attempt('vsock', lambda: socket.socket(40, socket.SOCK_STREAM))\n\
attempt('bluetooth', lambda: socket.socket(31, socket.SOCK_RAW))\n\
attempt('crypto', lambda: socket.socket(38, socket.SOCK_SEQPACKET))\n\
import urllib.request\nattempt('http', lambda: urllib.request.urlopen('http://127.0.0.1:' + tcp))\n"
    );
    let report = world.run(&text, &arguments).await;
    assert_eq!(report.outcome, RunOutcome::Passed, "{}", report.stderr);
    all_refused(&report.stdout, 15);
}
