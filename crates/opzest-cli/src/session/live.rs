//! What a running task writes, on the screen as it comes.

use crate::plain::{PlainText, line};
use crate::screen::{Progress, QUIET, remark};
use crate::wrap::Wrap;
use opzest_app::dto::{SessionEvent, WritingPart};
use std::io::{self, Write};

/// What of a running task is on the screen.
pub struct Screen {
    progress: Progress,
    text: PlainText,
    wrap: Wrap,
    part: Option<WritingPart>,
    /// JSON is wanted: nothing else on standard output.
    quiet: bool,
}

impl Screen {
    pub fn new(quiet: bool) -> Self {
        Self {
            progress: Progress::default(),
            text: PlainText::new(),
            wrap: Wrap::for_output(),
            part: None,
            quiet,
        }
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub fn show(&mut self, event: SessionEvent) -> anyhow::Result<()> {
        match event {
            SessionEvent::Changed { .. } => {}
            SessionEvent::LoadingModel { model_name } => self
                .progress
                .show(format_args!("Loading {} …", line(&model_name))),
            SessionEvent::Reading { read, total } if total > 0 => self.progress.show(format_args!(
                "Reading … {} %",
                u64::from(read) * 100 / u64::from(total)
            )),
            SessionEvent::Reading { .. } => {}
            SessionEvent::Writing { part, text, .. } => self.write(part, &text)?,
            SessionEvent::StartedOver { why } => {
                self.end();
                remark(format_args!("Asked once more: {}", line(&why)));
            }
            SessionEvent::PreviewProblem { message } => remark(line(&message)),
        }
        Ok(())
    }

    fn write(&mut self, part: WritingPart, text: &str) -> anyhow::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.progress.clear();
        let mut out = anstream::stdout();
        if self.part != Some(part) {
            if self.part.is_some() {
                writeln!(out, "{}", self.wrap.finish())?;
            }
            self.wrap = Wrap::for_output();
            self.part = Some(part);
        }
        let text = self.wrap.push(&self.text.push(text));
        match part {
            WritingPart::Reasoning => write!(out, "{QUIET}{text}{QUIET:#}")?,
            WritingPart::Result => write!(out, "{text}")?,
        }
        out.flush()?;
        Ok(())
    }

    pub fn end(&mut self) {
        self.progress.clear();
        if self.part.take().is_some() {
            let _ = writeln!(io::stdout(), "{}", self.wrap.finish());
        }
        self.text = PlainText::new();
    }
}
