//! What must stay as it is, whatever a program does: files, servers, processes.

use crate::support::{patient, sandbox, script};
use opzest_sandbox::{RunReport, RunRequest};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub const SECRET: &str = "do not read this";

/// Runs programs between two looks at everything around them.
pub struct World {
    folder: TempDir,
    before: BTreeMap<PathBuf, String>,
    tcp: TcpListener,
    udp: UdpSocket,
    unix: UnixListener,
    in_folder: UnixListener,
    bystander: Child,
    /// In the command line of every process of the run.
    pub marker: String,
}

impl World {
    pub fn new() -> Self {
        // Not in /tmp, where the sandbox has a folder of its own.
        let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
        let marker = format!(
            "marker-{}",
            folder.path().file_name().expect("a name").display()
        );
        std::fs::write(folder.path().join("secret.txt"), SECRET).expect("writes");
        let address = SocketAddr::from_abstract_name(&marker).expect("a name");
        let world = Self {
            before: contents(folder.path()),
            tcp: TcpListener::bind("127.0.0.1:0").expect("a port"),
            udp: UdpSocket::bind("127.0.0.1:0").expect("a port"),
            unix: UnixListener::bind_addr(&address).expect("a socket"),
            in_folder: UnixListener::bind(folder.path().join("socket")).expect("a socket"),
            bystander: bystander(),
            folder,
            marker,
        };
        world.tcp.set_nonblocking(true).expect("a mode");
        world.udp.set_nonblocking(true).expect("a mode");
        world.unix.set_nonblocking(true).expect("a mode");
        world.in_folder.set_nonblocking(true).expect("a mode");
        world
    }

    pub fn folder(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub fn tcp_port(&self) -> u16 {
        self.tcp.local_addr().expect("an address").port()
    }

    pub fn udp_port(&self) -> u16 {
        self.udp.local_addr().expect("an address").port()
    }

    pub fn bystander(&self) -> u32 {
        self.bystander.id()
    }

    /// Runs a script with patient limits; its arguments begin with the marker.
    pub async fn run(&mut self, text: &str, arguments: &[String]) -> RunReport {
        let arguments = arguments.to_vec();
        self.run_with(
            text,
            RunRequest {
                arguments,
                ..patient()
            },
        )
        .await
    }

    pub async fn run_with(&mut self, text: &str, mut request: RunRequest) -> RunReport {
        request.arguments.insert(0, self.marker.clone());
        let run = sandbox().await;
        let report = run
            .run_python(&script(text), &request, CancellationToken::new())
            .await
            .expect("the run starts");
        assert!(report.confined);
        self.is_as_before();
        report
    }

    pub fn is_as_before(&mut self) {
        assert_eq!(processes_with(&self.marker), [""; 0], "processes are left");
        assert_eq!(
            contents(self.folder.path()),
            self.before,
            "files have changed"
        );
        assert_eq!(
            self.bystander.try_wait().expect("a child"),
            None,
            "a bystander was ended"
        );
        let silent = |error: std::io::Error| assert_eq!(error.kind(), ErrorKind::WouldBlock);
        silent(
            self.tcp
                .accept()
                .map(|_| ())
                .expect_err("a connection over TCP"),
        );
        silent(
            self.unix
                .accept()
                .map(|_| ())
                .expect_err("a connection to an abstract socket"),
        );
        silent(
            self.in_folder
                .accept()
                .map(|_| ())
                .expect_err("a connection to a socket file"),
        );
        silent(
            self.udp
                .recv(&mut [0; 16])
                .map(|_| ())
                .expect_err("a datagram"),
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.bystander.kill();
        let _ = self.bystander.wait();
    }
}

/// A process of the user that runs the programs.
fn bystander() -> Child {
    let mut command = Command::new("/usr/bin/sleep");
    command.arg("100000").stdin(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    command.spawn().expect("sleep starts")
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, String> {
    let files = folder
        .read_dir()
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    files
        .filter(|path| path.is_file() || path.is_symlink())
        .map(|path| (path.clone(), std::fs::read_to_string(path).expect("text")))
        .collect()
}

/// The command lines that hold a text.
pub fn processes_with(marker: &str) -> Vec<String> {
    let entries = Path::new("/proc").read_dir().expect("proc").flatten();
    entries
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .bytes()
                .all(|b| b.is_ascii_digit())
        })
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(marker))
        .collect()
}

/// Until so many processes have the marker.
pub fn wait_for_processes(marker: &str, count: usize) {
    let started = Instant::now();
    while processes_with(marker).len() != count {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "waited for {count} processes"
        );
        std::thread::yield_now();
    }
}
