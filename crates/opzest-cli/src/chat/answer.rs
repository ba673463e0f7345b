//! Shows an answer while it is written. Ctrl-C stops it; what was written is kept.

use crate::errors::LeftAtOnce;
use crate::plain::{PlainText, line};
use crate::screen::{Progress, WARNING, tell};
use crate::wrap::Wrap;
use opzest_app::calls::{
    Regenerate, SendMessage, StopGeneration, regenerate, send_message, stop_generation,
};
use opzest_app::dto::{AnswerStats, ChatEvent, ChatOutcome, Message, MessageStatus, UiError};
use opzest_app::{App, EventSink, Events};
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::ctrl_c;
use tokio::sync::mpsc;

/// Programs that start this one may pass on a Ctrl-C that it got from the terminal as well: so soon
/// after the first, a second one is the same.
const ONE_PRESS: Duration = Duration::from_millis(300);

pub enum Asked {
    Question(SendMessage),
    /// Another answer to the last question.
    Again(Regenerate),
}

/// Asks, and prints the answer as it comes. An answer that fails is an outcome, told by its status.
pub async fn write_answer(app: &App, asked: Asked) -> anyhow::Result<ChatOutcome> {
    // Unbounded, because a sink must not block; an answer is small.
    let (sender, mut events) = mpsc::unbounded_channel();
    let sink: EventSink = Arc::new(move |event| {
        // Nobody listens any more once the call has ended.
        let _ = sender.send(event);
    });
    let mut call = pin!(run(app, asked, Events::new(sink)));
    let mut interrupt = Box::pin(ctrl_c());
    let mut pressed_at = None::<Instant>;
    let mut view = View::default();
    let outcome = loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => view.show(serde_json::from_value(event)?),
            outcome = &mut call => break outcome,
            pressed = &mut interrupt => {
                pressed?;
                interrupt = Box::pin(ctrl_c());
                match pressed_at {
                    None => {
                        pressed_at = Some(Instant::now());
                        view.stopping = true;
                    }
                    Some(first) if first.elapsed() > ONE_PRESS => {
                        view.end()?;
                        return Err(LeftAtOnce.into());
                    }
                    Some(_) => {}
                }
            }
        }
        view.stop_if_wanted(app).await?;
    };
    while let Ok(event) = events.try_recv() {
        view.show(serde_json::from_value(event)?);
    }
    view.end()?;
    Ok(outcome?)
}

async fn run(app: &App, asked: Asked, events: Events<ChatEvent>) -> Result<ChatOutcome, UiError> {
    match asked {
        Asked::Question(send) => send_message(app, send, events).await,
        Asked::Again(again) => regenerate(app, again, events).await,
    }
}

/// What of an answer is on the screen.
struct View {
    progress: Progress,
    text: PlainText,
    wrap: Wrap,
    /// Whether the last character printed is a line feed; `None` before the first one.
    at_line_start: Option<bool>,
    /// Where the answer is written, once that is known.
    conversation_id: Option<String>,
    /// Ctrl-C was pressed, or nobody reads any more.
    stopping: bool,
    stop_sent: bool,
    failed: Option<io::Error>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            progress: Progress::default(),
            text: PlainText::new(),
            wrap: Wrap::for_output(),
            at_line_start: None,
            conversation_id: None,
            stopping: false,
            stop_sent: false,
            failed: None,
        }
    }
}

impl View {
    fn show(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::Started { conversation, .. } => {
                self.conversation_id = Some(conversation.id);
            }
            ChatEvent::LoadingModel { model_name } => self
                .progress
                .show(format_args!("Loading {} …", line(&model_name))),
            ChatEvent::Reading { read, total, .. } if total > 0 => self.progress.show(
                format_args!("Reading … {} %", u64::from(read) * 100 / u64::from(total)),
            ),
            ChatEvent::Reading { .. } => {}
            ChatEvent::Delta { text, .. } => self.print(&text),
        }
    }

    fn print(&mut self, text: &str) {
        let text = self.wrap.push(&self.text.push(text));
        self.put(&text);
    }

    fn put(&mut self, text: &str) {
        if text.is_empty() || self.failed.is_some() {
            return;
        }
        self.progress.clear();
        self.at_line_start = Some(text.ends_with('\n'));
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.failed = Some(error);
            self.stopping = true;
        }
    }

    async fn stop_if_wanted(&mut self, app: &App) -> Result<(), UiError> {
        if !self.stopping || self.stop_sent {
            return Ok(());
        }
        let Some(conversation_id) = self.conversation_id.clone() else {
            return Ok(());
        };
        self.stop_sent = true;
        stop_generation(app, StopGeneration { conversation_id }).await
    }

    fn end(mut self) -> io::Result<()> {
        self.progress.clear();
        let held_back = self.wrap.finish();
        self.put(&held_back);
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.at_line_start == Some(false) {
            writeln!(io::stdout())?;
        }
        Ok(())
    }
}

/// Tells what there is to say of an answer that was stopped or cut.
pub fn tell_end(answer: &Message) {
    let what = match answer.status {
        MessageStatus::Stopped if answer.text.is_empty() => "Stopped before the first word.",
        MessageStatus::Stopped => "Stopped. The text so far is kept.",
        MessageStatus::CutByLimit => {
            "Cut at the longest answer of the settings (`max-answer-tokens`)."
        }
        MessageStatus::CutByContext => {
            "Cut: the context is full. Begin a new conversation, or allow a longer one in the \
             settings (`context-size`)."
        }
        MessageStatus::Interrupted if !answer.text.is_empty() => {
            "Broken off. The text so far is kept."
        }
        MessageStatus::Complete
        | MessageStatus::Streaming
        | MessageStatus::Interrupted
        | MessageStatus::Failed => return,
    };
    tell(format_args!("{WARNING}{what}{WARNING:#}"));
}

/// "31.4 tokens/s · context 120 of 2048".
pub fn status_line(stats: &AnswerStats) -> String {
    format!(
        "{:.1} tokens/s · context {} of {}",
        stats.tokens_per_second, stats.context_used, stats.context_size
    )
}
