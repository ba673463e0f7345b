//! The program as scripts and as people use it.

use pty_process::Size;
use pty_process::blocking::{Command as TerminalCommand, Pty, open};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far longer than anything takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

const PROGRAM: &str = env!("CARGO_BIN_EXE_opzest");

/// A data folder, with settings that make answers short and repeatable.
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// Nobody has used this folder before.
    pub fn untouched() -> Self {
        let model = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../models/SmolLM2-135M-Instruct.Q4_1.gguf");
        assert!(
            model.exists(),
            "{} is missing: run `make model` first",
            model.display()
        );
        Self {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    pub fn new() -> Self {
        let place = Self::untouched();
        place.settings(&["temperature=0", "max-answer-tokens=16", "context-size=1024"]);
        place
    }

    pub fn settings(&self, changes: &[&str]) {
        let mut arguments = vec!["settings", "set"];
        arguments.extend(changes);
        let set = self.run(&arguments, "");
        assert!(set.status.success(), "{}", stderr(&set));
    }

    /// Makes answers nonsense without an end, so that one can be interrupted whatever the model knows.
    pub fn endless_answers(&self) {
        self.settings(&[
            "temperature=5",
            "min-p=0",
            "top-p=1",
            "max-answer-tokens=auto",
        ]);
    }

    /// Makes the agents of sessions brief and repeatable: the user's own workflows, which are the bundled ones cut short.
    pub fn brief_workflows(&self) {
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/workflows");
        let own = self.data().join("workflows");
        std::fs::create_dir_all(&own).expect("a folder");
        for file in std::fs::read_dir(bundled).expect("the bundled workflows") {
            let path = file.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("text");
            let brief = text.lines().map(|line| match line.split(' ').next() {
                Some("max_tokens") => "max_tokens = 120",
                Some("temperature") => "temperature = 0.0",
                _ => line,
            });
            let brief = brief.collect::<Vec<_>>().join("\n");
            std::fs::write(own.join(path.file_name().expect("a name")), brief).expect("written");
        }
    }

    /// Writes a file beside the data folder.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.file(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path for a file beside the data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("OPZEST_DATA", self.data()),
            ("OPZEST_THREADS", "1".into()),
            ("TERM", "xterm".into()),
        ]
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .envs(self.environment())
            .env_remove("OPZEST_LOG")
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // The program may end without reading it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("the program ends")
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the program starts")
    }

    /// Starts the program in a terminal.
    pub fn terminal(&self, arguments: &[&str]) -> Terminal {
        self.terminal_with(arguments, &[])
    }

    pub fn terminal_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
        self.terminal_of(400, arguments, environment)
    }

    /// A terminal as wide as they usually are.
    pub fn narrow_terminal(&self, arguments: &[&str]) -> Terminal {
        self.terminal_of(80, arguments, &[("NO_COLOR", "1")])
    }

    fn terminal_of(
        &self,
        columns: u16,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Terminal {
        let (pty, pts) = open().expect("a terminal");
        pty.resize(Size::new(50, columns)).expect("its size is set");
        let child = TerminalCommand::new(PROGRAM)
            .args(arguments)
            .envs(self.environment())
            .env_remove("OPZEST_LOG")
            .env_remove("NO_COLOR")
            // A build server's own variable asks for colours.
            .env_remove("CI")
            .envs(environment.iter().copied())
            .current_dir(self.folder.path())
            .spawn(pts)
            .expect("the program starts");
        Terminal::new(pty, child)
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A terminal with the program in it.
pub struct Terminal {
    keyboard: Pty,
    screen: Receiver<Vec<u8>>,
    /// All that was printed, and how much of it was waited for.
    printed: Vec<u8>,
    seen: usize,
    child: Child,
}

impl Terminal {
    fn new(pty: Pty, child: Child) -> Self {
        use std::os::fd::AsFd;
        let descriptor = pty.as_fd().try_clone_to_owned().expect("a descriptor");
        let mut reader = std::fs::File::from(descriptor);
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Linux reports the end of the program as an error.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard: pty,
            screen,
            printed: Vec::new(),
            seen: 0,
            child,
        }
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub fn keys(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("keys are read");
    }

    /// Types a line once the prompt is there.
    pub fn type_line(&mut self, line: &str) {
        self.wait_for("› ");
        self.keys(line);
        // The terminal shows what is typed; it must not be taken for an answer.
        self.wait_for(line);
        self.keys("\r");
    }

    /// Waits until the program has printed this, after what was waited for before.
    pub fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let new = &self.printed[self.seen..];
            if let Some(at) = find(new, text.as_bytes()) {
                self.seen += at + text.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.printed.extend(bytes),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{text:?} did not appear:\n{}", self.everything())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the program ended before {text:?}:\n{}", self.everything())
                }
            }
        }
    }

    pub fn everything(&self) -> String {
        String::from_utf8_lossy(&self.printed).into_owned()
    }

    /// Waits for the program's end: what it printed, and its exit code.
    pub fn end(mut self) -> (String, Option<i32>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.printed.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the program does not end:\n{}", self.everything())
                }
            }
        }
        let status = self.child.wait().expect("the program ended");
        (self.everything(), status.code())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Only a failing test leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}
