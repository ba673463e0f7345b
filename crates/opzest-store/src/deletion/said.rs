//! What was said about attempts: the user's words, what checks found, and how the analyst read the words. Also what
//! was taken back or replaced later, since the log still has it.

use opzest_core::ids::AttemptId;
use opzest_core::session::{CheckOutcome, Cycle, CycleEnd, Event, Ignored, Session, Written};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Said(BTreeMap<AttemptId, BTreeSet<String>>);

impl Said {
    /// At any time. An event that does not fit is told with its number.
    pub(super) fn ever(log: &[Event]) -> Result<Self, (usize, Ignored)> {
        let mut said = Self::default();
        let mut session: Option<Session> = None;
        for (number, event) in log.iter().enumerate() {
            let event = without_work(event.clone());
            let fits = match &mut session {
                None => Session::begin(event).map(|(begun, _)| session = Some(begun)),
                Some(session) => session.handle(event).map(drop),
            };
            fits.map_err(|ignored| (number, ignored))?;
            session.iter().for_each(|session| said.hear(session));
        }
        Ok(said)
    }

    /// As it is now.
    pub(super) fn now(session: &Session) -> Self {
        let mut said = Self::default();
        said.hear(session);
        said
    }

    pub(super) fn about<'a>(
        &'a self,
        attempts: &'a BTreeSet<AttemptId>,
    ) -> impl Iterator<Item = String> + 'a {
        let about = attempts.iter().filter_map(|attempt| self.0.get(attempt));
        about.flatten().cloned()
    }

    fn hear(&mut self, session: &Session) {
        for cycle in session.state().steps.iter().flat_map(|step| &step.cycles) {
            for attempt in attempts_of(cycle) {
                let heard = self.0.entry(attempt).or_default();
                for text in texts_about(cycle, session) {
                    if !heard.contains(text) {
                        heard.insert(text.clone());
                    }
                }
            }
        }
    }
}

/// What the worker wrote, and what the user put in its place.
fn attempts_of(cycle: &Cycle) -> impl Iterator<Item = AttemptId> {
    let by_hand = match &cycle.end {
        Some(CycleEnd::HandEdited { attempt, .. }) => Some(*attempt),
        _ => None,
    };
    let written = cycle.attempt.as_ref().map(|attempt| attempt.id);
    written.into_iter().chain(by_hand)
}

fn texts_about<'a>(cycle: &'a Cycle, session: &'a Session) -> Vec<&'a String> {
    let mut texts = Vec::new();
    match cycle.attempt.as_ref().and_then(|it| it.check.as_ref()) {
        Some(CheckOutcome::Passed { output, warnings }) => {
            texts.push(output);
            texts.extend(warnings);
        }
        Some(CheckOutcome::Failed { error, output }) => texts.extend([error, output]),
        // Why is about this computer.
        Some(CheckOutcome::NotRun { .. }) | None => {}
    }
    texts.extend(cycle.feedback.iter().map(|feedback| &feedback.words));
    texts.extend(session.analysis(cycle).map(|analysis| &analysis.reason));
    match &cycle.end {
        Some(CycleEnd::Error { error }) => texts.push(error),
        Some(CycleEnd::HandEdited { words, .. }) => texts.push(words),
        Some(CycleEnd::Judged { .. } | CycleEnd::Overruled) | None => {}
    }
    texts
}

/// An event without the long texts of models and files, which decide nothing: each event that a session takes copies
/// those before it.
fn without_work(mut event: Event) -> Event {
    let empty = |written: &mut Written| {
        written.messages.clear();
        written.raw.clear();
        written.reasoning.clear();
        written.left_out.clear();
    };
    if let Event::PlanWritten { written, .. }
    | Event::InstructionWritten { written, .. }
    | Event::WorkWritten { written, .. }
    | Event::WorkUnreadable { written, .. } = &mut event
    {
        empty(written);
    }
    if let Event::WorkWritten { artifact, .. } = &mut event {
        *artifact = super::events::each_file(artifact, String::clear);
    } else if let Event::HandEdited { edit } = &mut event {
        edit.messages.clear();
        edit.raw.clear();
        edit.artifact = super::events::each_file(&edit.artifact, String::clear);
    } else if let Event::InstructionWritten { instruction, .. } = &mut event {
        instruction.clear();
    } else if let Event::Started { start } = &mut event {
        start.artifact = super::events::each_file(&start.artifact, String::clear);
    }
    event
}
