//! Computers without a sandbox: what is missing is named, and what to do about it.

use crate::support::{patient, sandbox, script};
use opzest_sandbox::{Availability, Missing, RunOutcome, Sandbox, Tools};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

async fn missing(tools: Tools) -> Missing {
    match Sandbox::detect_with(&tools).await {
        Availability::Ready(_) => panic!("a sandbox with {tools:?}"),
        Availability::Missing(missing) => missing,
    }
}

/// A folder that everybody can look into.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("a mode");
    folder
}

fn program(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("writes");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a mode");
    path
}

#[tokio::test]
async fn the_sandbox_is_found_and_says_which_python() {
    let sandbox = sandbox().await;
    assert!(
        sandbox.python_version().starts_with("3."),
        "{}",
        sandbox.python_version()
    );
    let report = sandbox
        .run_python(
            &script("import platform; print(platform.python_version())"),
            &patient(),
            CancellationToken::new(),
        )
        .await
        .expect("starts");
    assert!(report.stdout.starts_with(sandbox.python_version()));
}

#[tokio::test]
async fn missing_tools_are_named() {
    let found = Tools::find();
    let none = Tools {
        bubblewrap: None,
        ..found.clone()
    };
    assert_eq!(missing(none).await, Missing::Bubblewrap);
    let gone = Tools {
        bubblewrap: Some("/nowhere/bwrap".into()),
        ..found.clone()
    };
    assert_eq!(missing(gone).await, Missing::Bubblewrap);
    let none = Tools {
        python: None,
        ..found.clone()
    };
    assert_eq!(missing(none).await, Missing::Python);
    let gone = Tools {
        python: Some("/nowhere/python3".into()),
        ..found
    };
    let missing = missing(gone).await;
    assert_eq!(missing, Missing::Python);
    assert!(
        missing.to_string().contains("not installed")
            && missing.hint().contains("apt install python3")
    );
}

#[tokio::test]
async fn a_bubblewrap_that_does_not_work_is_noticed() {
    let folder = folder();
    let with = |text: &str| {
        let bubblewrap = Some(program(folder.path(), "bwrap", text));
        missing(Tools {
            bubblewrap,
            ..Tools::find()
        })
    };
    let old = with("#!/bin/sh\necho 'bwrap: Unknown option --add-seccomp-fd' >&2\nexit 1\n").await;
    assert_eq!(
        old,
        Missing::BubblewrapTooOld {
            reason: "bwrap: Unknown option --add-seccomp-fd".into()
        }
    );
    let refused =
        with("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n").await;
    assert!(
        matches!(&refused, Missing::NotAllowed { .. }),
        "{refused:?}"
    );
    assert!(refused.hint().contains("apparmor"));
    let silent = with("#!/bin/sh\nexit 0\n").await;
    assert!(matches!(&silent, Missing::Other { .. }), "{silent:?}");
    // One that isolates nothing.
    let open =
        with("#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\" 5>&-\n").await;
    assert!(matches!(&open, Missing::Other { .. }), "{open:?}");
    let no_program = with("not a program").await;
    assert!(
        matches!(&no_program, Missing::Other { .. }),
        "{no_program:?}"
    );
}

/// As in Ubuntu 22.04.
#[tokio::test]
async fn a_bubblewrap_that_cannot_limit_folders_is_good_enough() {
    let folder = folder();
    let real = Tools::find().bubblewrap.expect("bubblewrap");
    let text = format!(
        "#!/bin/sh\ncase \" $* \" in *\" --size \"*) echo 'bwrap: Unknown option --size' >&2; exit 1;; esac\nexec {} \"$@\"\n",
        real.display()
    );
    let tools = Tools {
        bubblewrap: Some(program(folder.path(), "bwrap", &text)),
        ..Tools::find()
    };
    let Availability::Ready(sandbox) = Sandbox::detect_with(&tools).await else {
        panic!("{:?}", Sandbox::detect_with(&tools).await);
    };
    for place in ["/work", "/tmp", "/dev/shm"] {
        let text = format!(
            "n = 0\nwhile n < 1000:\n    open(f'{place}/{{n}}', 'wb').write(b'x' * 1_000_000); n += 1"
        );
        let report = sandbox
            .run_python(&script(&text), &patient(), CancellationToken::new())
            .await
            .expect("starts");
        assert_eq!(report.outcome, RunOutcome::TooMuchWritten, "{place}");
    }
}

#[tokio::test]
async fn a_python_that_does_not_work_is_noticed() {
    let folder = folder();
    for python in [
        PathBuf::from("/usr/bin/true"),
        "/usr/bin/false".into(),
        program(folder.path(), "python3", "#!/bin/sh\n"),
    ] {
        let missing = missing(Tools {
            python: Some(python.clone()),
            ..Tools::find()
        })
        .await;
        assert!(
            matches!(missing, Missing::PythonUnusable { .. }),
            "{python:?}: {missing:?}"
        );
    }
}

/// A Python outside /usr, as uv and pyenv install them.
fn install(home: &Path) -> PathBuf {
    let real = Tools::find()
        .python
        .expect("a Python")
        .canonicalize()
        .expect("a path");
    for inner in ["bin", "lib"] {
        std::fs::create_dir_all(home.join(inner)).expect("a folder");
    }
    std::fs::copy(&real, home.join("bin/python3")).expect("copies");
    let version = real.file_name().expect("a name");
    std::os::unix::fs::symlink(
        Path::new("/usr/lib").join(version),
        home.join("lib").join(version),
    )
    .expect("links");
    home.join("bin/python3")
}

#[tokio::test]
async fn a_python_of_the_users_own_is_shown_alone() {
    let folder = folder();
    let home = folder.path().join("python");
    let python = install(&home);
    for private in [folder.path().join("beside"), home.join("share")] {
        std::fs::create_dir(&private).expect("a folder");
        std::fs::write(private.join("letter.txt"), "private").expect("writes");
    }
    let tools = Tools {
        python: Some(python.clone()),
        ..Tools::find()
    };
    let Availability::Ready(sandbox) = Sandbox::detect_with(&tools).await else {
        panic!("{:?}", Sandbox::detect_with(&tools).await);
    };
    let text = format!(
        "import os, sys, json\nprint(sys.executable, os.listdir({:?}), sorted(os.listdir({home:?})))",
        folder.path()
    );
    let report = sandbox
        .run_python(&script(&text), &patient(), CancellationToken::new())
        .await
        .expect("starts");
    assert_eq!(
        report.stdout,
        format!("{} ['python'] ['bin', 'lib']\n", python.display()),
        "{}",
        report.stderr
    );
}

/// As `./configure --prefix=~/.local` installs it, beside what other programs keep there.
#[tokio::test]
async fn a_python_around_private_folders_is_not_used() {
    let folder = folder();
    let local = folder.path().join(".local");
    let python = Some(install(&local));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&local, &link).expect("links");
    for private in [
        local.join("share/opzest"),
        link.join("share/opzest"),
        local.join("bin/opzest"),
        local.clone(),
    ] {
        let tools = Tools {
            python: python.clone(),
            private: vec![private.clone()],
            ..Tools::find()
        };
        let missing = missing(tools).await;
        let Missing::PythonUnusable { reason } = &missing else {
            panic!("{private:?}: {missing:?}");
        };
        assert!(reason.contains(&private.display().to_string()), "{reason}");
    }
    // The user's own folders are always among them.
    let home = std::env::var_os("HOME").expect("a home");
    let private = Tools::find().private;
    assert!(private.contains(&PathBuf::from(&home)));
    assert!(private.contains(&Path::new(&home).join(".local/share")));
}

/// As root, runs some tests again as somebody else; for everybody else, all tests already ran so.
#[test]
fn it_works_for_root_and_for_others() {
    const SOMEBODY: u32 = 1234;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = folder();
    let tests = folder.path().join("tests");
    std::fs::copy(std::env::current_exe().expect("this test"), &tests).expect("copies");
    for (module, least) in [
        ("secrets::", 6),
        ("leftovers::", 7),
        ("a_fork_bomb_is_small", 1),
    ] {
        let output = Command::new(&tests)
            .arg(module)
            .current_dir("/")
            .env("TMPDIR", "/tmp")
            .uid(SOMEBODY)
            .gid(SOMEBODY)
            .output()
            .expect("the tests start");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let result = text
            .split_once("test result: ok. ")
            .map(|(_, result)| result);
        let passed = result.and_then(|result| result.split_once(" passed"));
        let passed = passed.and_then(|(count, _)| count.parse::<usize>().ok());
        assert!(passed.is_some_and(|count| count >= least), "{text}");
    }
}

#[tokio::test]
async fn an_outcome_is_not_an_error() {
    let report = sandbox()
        .await
        .run_python(
            &script("raise SystemExit(125)"),
            &patient(),
            CancellationToken::new(),
        )
        .await
        .expect("an outcome");
    assert!(matches!(report.outcome, RunOutcome::Failed(_)));
}
