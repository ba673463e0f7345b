//! The command line of bubblewrap: what a program sees, and what it does not.

use super::{FOLDER, Parts, seccomp};
use crate::run::python;
use crate::run::request::RunRequest;
use crate::run::rlimits::process_limit;
use crate::{Limits, SandboxError};
use command_fds::FdMapping;
use opzest_core::artifact::{Artifact, ArtifactFile};
use rustix::fs::{MemfdFlags, memfd_create};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

/// The user that the program believes to be.
const USER: &str = "1000";
const PASSWD: &str = "user:x:1000:1000::/work:/bin/sh\n";
const GROUP: &str = "user:x:1000:\n";

/// Descriptors that the gate's shell speaks through; one digit each, as plain shells know no more.
pub(super) const READY: i32 = 3;
pub(super) const GO: i32 = 4;
/// Where bubblewrap says which process is the first of the sandbox.
pub(super) const INFO: i32 = 5;
const FIRST_FREE: i32 = 6;

/// bubblewrap's own, which counts as well.
pub(super) const FIRST_PROCESS: u64 = 1;

/// Says that all is set up and waits until it may begin, then becomes the program. The number of processes
/// is limited here because the limit must be set inside the new user namespace: outside, it would count
/// every process of the user. `-p` is dash's name for it. Where the machine runs out of memory, the program is
/// the first to go.
const GATE: &str = r#"echo 1000 2>/dev/null >/proc/self/oom_score_adj
ulimit -u "$1" 2>/dev/null || ulimit -p "$1" || exit 125
printf . >&3 && read -r go <&4 || exit 125
exec 3>&- 4<&-
shift
exec "$@""#;

/// What Python and the programs of the system need of /etc. Nothing in it is about the user.
const ETC: [&str; 5] = [
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
];

/// Arguments, and the open files that they name by number.
pub(super) struct Arguments {
    pub(super) arguments: Vec<OsString>,
    pub(super) files: Vec<FdMapping>,
}

pub(super) fn arguments(
    parts: &Parts,
    artifact: &Artifact,
    main: &ArtifactFile,
    request: &RunRequest,
) -> Result<Arguments, SandboxError> {
    let mut made = Arguments {
        arguments: Vec::new(),
        files: Vec::new(),
    };
    made.isolation();
    made.system();
    made.data("--ro-bind-data", PASSWD, "/etc/passwd")?;
    made.data("--ro-bind-data", GROUP, "/etc/group")?;
    made.folders(parts, &request.limits);
    for file in artifact.files() {
        made.data("--file", &file.text, &format!("{FOLDER}/{}", file.name))?;
    }
    made.add([
        "--remount-ro",
        "/dev",
        "--remount-ro",
        "/",
        "--chdir",
        FOLDER,
    ]);
    for filter in seccomp::filters() {
        let number = made.file(&filter)?;
        made.add(["--add-seccomp-fd", &number]);
    }
    made.add(["--info-fd", &INFO.to_string(), "--"]);
    made.program(parts, main, request);
    Ok(made)
}

impl Arguments {
    fn add<const N: usize>(&mut self, arguments: [&str; N]) {
        self.arguments.extend(arguments.map(OsString::from));
    }

    fn isolation(&mut self) {
        self.add([
            "--unshare-all",
            "--unshare-user",
            "--die-with-parent",
            "--new-session",
        ]);
        self.add([
            "--uid",
            USER,
            "--gid",
            USER,
            "--hostname",
            "sandbox",
            "--cap-drop",
            "ALL",
        ]);
    }

    fn system(&mut self) {
        self.add(["--ro-bind", "/usr", "/usr"]);
        for folder in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            match std::fs::read_link(folder) {
                Ok(target) => {
                    self.add(["--symlink"]);
                    self.arguments.extend([target.into(), folder.into()]);
                }
                Err(_) => self.add(["--ro-bind-try", folder, folder]),
            }
        }
        for file in ETC {
            self.add(["--ro-bind-try", file, file]);
        }
    }

    fn folders(&mut self, parts: &Parts, limits: &Limits) {
        let size = limits.folder_bytes.to_string();
        self.add(["--proc", "/proc", "--dev", "/dev"]);
        for folder in ["/dev/shm", "/tmp", FOLDER] {
            if parts.limits_folders {
                self.add(["--size", &size]);
            }
            self.add(["--tmpfs", folder]);
        }
        // Last, as it may lie below one of these.
        for part in parts.python.shown() {
            self.add(["--ro-bind-try"]);
            self.arguments.extend([part.clone().into(), part.into()]);
        }
    }

    fn program(&mut self, parts: &Parts, main: &ArtifactFile, request: &RunRequest) {
        let processes = process_limit(&request.limits, FIRST_PROCESS).to_string();
        self.add(["/bin/sh", "-c", GATE, "sh", &processes]);
        self.arguments.push(parts.python.program.clone().into());
        self.add(python::OPTIONS);
        self.arguments
            .push(Path::new(FOLDER).join(main.name.as_str()).into());
        self.arguments
            .extend(request.arguments.iter().map(OsString::from));
    }

    /// A file that is made in the sandbox with this content.
    fn data(&mut self, option: &str, content: &str, path: &str) -> Result<(), SandboxError> {
        let number = self.file(content.as_bytes())?;
        self.add([option, &number, path]);
        Ok(())
    }

    /// The number under which bubblewrap finds this content.
    fn file(&mut self, content: &[u8]) -> Result<String, SandboxError> {
        let number = FIRST_FREE + i32::try_from(self.files.len()).expect("a few hundred files");
        self.files.push(FdMapping {
            parent_fd: in_memory(content).map_err(SandboxError::Folder)?,
            child_fd: number,
        });
        Ok(number.to_string())
    }
}

fn in_memory(content: &[u8]) -> std::io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("opzest", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    file.rewind()?;
    Ok(file.into())
}
