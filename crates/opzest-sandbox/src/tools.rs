//! The programs of the system that running needs, and what to tell a user where one is missing.

use crate::Sandbox;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the tools are. A user's settings or a test may name others than the ones that are found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tools {
    pub bubblewrap: Option<PathBuf>,
    pub python: Option<PathBuf>,
    /// Folders of which no program may see anything, like the app's own: a Python that is installed around one is not
    /// used.
    pub private: Vec<PathBuf>,
}

impl Tools {
    /// The system's own tools before those of `PATH`: a Python of the user's home is not seen in the sandbox.
    pub fn find() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let find = |name: &str| {
            find(name, OsStr::new("/usr/bin:/usr/local/bin")).or_else(|| find(name, &path))
        };
        Self {
            bubblewrap: find("bwrap"),
            python: find("python3"),
            private: user_folders(),
        }
    }
}

/// The user's home and where programs keep the user's data.
fn user_folders() -> Vec<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from);
    let home = folder("HOME");
    let data = home.as_ref().map(|home| home.join(".local/share"));
    let all = [home, data, folder("XDG_DATA_HOME")].into_iter().flatten();
    all.filter(|folder| folder.is_absolute()).collect()
}

fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Whether scripts can run isolated on this computer.
#[derive(Debug, Clone)]
pub enum Availability {
    Ready(Sandbox),
    Missing(Missing),
}

/// Why there is no sandbox here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    NotLinux,
    Bubblewrap,
    /// The one that is there does not know an option that the sandbox needs.
    BubblewrapTooOld {
        reason: String,
    },
    /// bubblewrap is there, and the system does not let it isolate anything.
    NotAllowed {
        reason: String,
    },
    Python,
    /// It is there and does not start in the sandbox.
    PythonUnusable {
        reason: String,
    },
    Other {
        reason: String,
    },
}

impl Missing {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotLinux => {
                "On this system OpZest asks you before each run; the script then runs with your own rights."
            }
            Self::Bubblewrap => {
                "Install the package `bubblewrap` (Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap; Arch: sudo pacman -S bubblewrap)."
            }
            Self::BubblewrapTooOld { .. } => {
                "Install bubblewrap 0.5 or newer; it comes with Debian 12, Ubuntu 22.04, Fedora 35 and later ones."
            }
            Self::NotAllowed { .. } => {
                "On Ubuntu 24.04: sudo apt install apparmor-profiles, then sudo ln -s /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ and sudo systemctl reload apparmor. Elsewhere the administrator has switched off user namespaces (look at `sysctl user.max_user_namespaces` and `sysctl kernel.unprivileged_userns_clone`), or OpZest runs inside a container that forbids them."
            }
            Self::Python => {
                "Install Python 3 (Debian, Ubuntu: sudo apt install python3; Fedora: sudo dnf install python3; Arch: sudo pacman -S python)."
            }
            Self::PythonUnusable { .. } => {
                "Install your system's own Python 3 (Debian, Ubuntu: sudo apt install python3); one in your home folder may not work in the sandbox."
            }
            Self::Other { .. } => {
                "Please report this with the message; until then OpZest asks you before each run."
            }
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLinux => f.write_str("scripts can be isolated on Linux only"),
            Self::Bubblewrap => {
                f.write_str("bubblewrap (bwrap), which isolates scripts, is not installed")
            }
            Self::BubblewrapTooOld { reason } => write!(f, "bubblewrap is too old: {reason}"),
            Self::NotAllowed { reason } => {
                write!(
                    f,
                    "this system does not let bubblewrap isolate scripts: {reason}"
                )
            }
            Self::Python => f.write_str("Python 3 (python3), which runs scripts, is not installed"),
            Self::PythonUnusable { reason } => {
                write!(f, "Python does not start in the sandbox: {reason}")
            }
            Self::Other { reason } => write!(f, "the sandbox does not work here: {reason}"),
        }
    }
}
