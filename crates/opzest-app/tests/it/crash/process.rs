//! A process of the harness: started, listened to, killed.

use super::person::{Line, Part};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<Line>,
    errors: PathBuf,
}

pub struct Killed {
    pub lines: Vec<Line>,
}

impl Process {
    pub fn start(folder: &Path, server: &str, number: u64, last: bool) -> Self {
        let errors = folder.join("stderr.txt");
        let (name, part) = Part::of(folder, server, number, last).variable();
        let mut child = Command::new(std::env::current_exe().expect("this program's path"))
            .args([
                "--exact",
                "crash::the_person_finishes_a_session",
                "--nocapture",
            ])
            .env(name, part)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).expect("creates"))
            .spawn()
            .expect("this program starts once more");
        let out = child.stdout.take().expect("piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            lines,
            seen: Vec::new(),
            errors,
        }
    }

    /// Kills it (SIGKILL) some time after it has said so many lines.
    pub fn kill_at(mut self, lines: usize, then: Duration) -> Killed {
        while self.seen.len() < lines {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.extend(Line::read(&line)),
                Err(problem) => self.fail(&format!("it said nothing more ({problem})")),
            }
        }
        let until = std::time::Instant::now() + then;
        while let Some(left) = until.checked_duration_since(std::time::Instant::now()) {
            match self.lines.recv_timeout(left) {
                Ok(line) => self.seen.extend(Line::read(&line)),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => self.fail("it has ended by itself"),
            }
        }
        self.child.kill().expect("is killed");
        let status = self.child.wait().expect("has ended");
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        if signal != Some(nix::libc::SIGKILL) {
            self.fail(&format!("it has ended before it was killed: {status}"));
        }
        self.rest();
        Killed {
            lines: std::mem::take(&mut self.seen),
        }
    }

    /// Waits until it has done its part.
    pub fn until_the_end(mut self) -> Vec<Line> {
        self.rest();
        let status = self.child.wait().expect("has ended");
        if !status.success() {
            self.fail(&format!("its part failed: {status}"));
        }
        std::mem::take(&mut self.seen)
    }

    /// What is said until nobody is there to say anything.
    fn rest(&mut self) {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.extend(Line::read(&line)),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.fail("it does not end"),
            }
        }
    }

    fn fail(&mut self, why: &str) -> ! {
        let _ = self.child.kill();
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        panic!(
            "the process that is to be killed: {why}\nlast: {:?}\n{errors}",
            self.seen.last()
        );
    }
}
