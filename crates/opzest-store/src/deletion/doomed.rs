//! What goes with deleted rows, and what stays.

use super::Remains;
use super::said::Said;
use crate::product::StoredVersion;
use opzest_core::artifact::Artifact;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::dataset::{ExampleSide, StoredExample};
use opzest_core::ids::{AttemptId, GenerationId, SessionId, StepId};
use opzest_core::session::{Event, Phase, Session, Step, StepStatus, Written};
use opzest_core::workflow::Agent;
use std::collections::BTreeSet;

/// Of one session.
pub(super) struct Doomed {
    /// What a model or the user wrote, and everything that was said about it.
    pub(super) attempts: BTreeSet<AttemptId>,
    /// Attempts of these whose files stand in the product or in the work.
    pub(super) in_use: BTreeSet<AttemptId>,
    pub(super) generations: BTreeSet<GenerationId>,
    pub(super) texts: Vec<String>,
    /// What stands elsewhere and is not to be touched.
    pub(super) kept: Vec<String>,
    other_rows: u32,
    later_prompts: u32,
    versions: u32,
    in_work: bool,
}

impl Doomed {
    pub(super) fn of(
        rows: &[StoredExample],
        kept_rows: &[StoredExample],
        versions: &[StoredVersion],
        session: &Session,
        log: &[Event],
        said: &Said,
    ) -> Self {
        let mut doomed = Self {
            attempts: BTreeSet::new(),
            in_use: BTreeSet::new(),
            generations: BTreeSet::new(),
            texts: Vec::new(),
            kept: kept_of_session(session),
            other_rows: 0,
            later_prompts: 0,
            versions: 0,
            in_work: false,
        };
        for row in kept_rows {
            keep_row(row, &mut doomed.kept);
        }
        let kept_attempts = attempts_that_stay(kept_rows, session);
        doomed.kept.extend(Said::now(session).about(&kept_attempts));
        for version in versions {
            doomed.kept.extend(files(&version.version.artifact));
        }
        let in_work = work(session);
        doomed.kept.extend(in_work.iter().cloned());
        for row in rows {
            doomed.add_row(row, kept_rows, session);
        }
        doomed.add_originals(log);
        doomed.texts.extend(said.about(&doomed.attempts));
        doomed.count_remains(rows, kept_rows, versions, &in_work);
        doomed.find_in_use(log, versions, &in_work);
        doomed
    }

    fn add_row(&mut self, row: &StoredExample, kept: &[StoredExample], session: &Session) {
        if let Some(rejected) = &row.rejected {
            self.add_side(rejected);
        }
        let of_step = |other: &&StoredExample| other.summary.step == row.summary.step;
        if let Some(chosen) = &row.chosen {
            let shares = |other: &&StoredExample| {
                let theirs = other.chosen.as_ref();
                theirs.is_some_and(|theirs| theirs.attempt == chosen.attempt)
            };
            if !kept.iter().filter(of_step).any(|other| shares(&other)) {
                self.add_side(chosen);
            }
        }
        let is_open = |step: &Step| Some(step.id) == row.summary.step && is_current(step, session);
        if !kept.iter().any(|other| of_step(&other)) && !session.state().steps.iter().any(is_open) {
            self.texts.extend(spoken(&row.prompt));
        }
    }

    fn add_side(&mut self, side: &ExampleSide) {
        self.attempts.extend(side.attempt);
        self.generations.extend(side.generation);
        keep_side(side, &mut self.texts);
    }

    /// What the log has of doomed attempts: the rows may have been edited.
    fn add_originals(&mut self, log: &[Event]) {
        for attempt in log.iter().filter_map(LoggedAttempt::of) {
            if self.attempts.contains(&attempt.id) {
                self.generations.extend(attempt.generation);
                self.texts.extend(attempt.texts.into_iter().cloned());
                self.texts
                    .extend(attempt.artifact.into_iter().flat_map(files));
            }
        }
    }

    fn count_remains(
        &mut self,
        rows: &[StoredExample],
        kept: &[StoredExample],
        versions: &[StoredVersion],
        in_work: &[String],
    ) {
        let chosen: BTreeSet<_> = rows.iter().filter_map(attempt_of_chosen).collect();
        let shares = |row: &&StoredExample| {
            attempt_of_chosen(row).is_some_and(|attempt| chosen.contains(&attempt))
        };
        self.other_rows = kept.iter().filter(shares).count() as u32;

        let sides = rows.iter().flat_map(|row| [&row.chosen, &row.rejected]);
        let texts: Vec<String> = sides.flatten().flat_map(files_of_side).collect();
        let has = |text: &str| {
            texts
                .iter()
                .map(|file| file.trim())
                .any(|file| !file.is_empty() && text.contains(file))
        };
        let steps: BTreeSet<StepId> = rows.iter().filter_map(|row| row.summary.step).collect();
        let is_later =
            |row: &&StoredExample| row.summary.step.is_some_and(|step| !steps.contains(&step));
        let reads = |row: &&StoredExample| spoken(&row.prompt).any(|text| has(&text));
        let later = kept.iter().filter(is_later).filter(reads);
        self.later_prompts = later.count() as u32;
        let in_product =
            |version: &&StoredVersion| files(&version.version.artifact).any(|file| has(&file));
        self.versions = versions.iter().filter(in_product).count() as u32;
        self.in_work = in_work.iter().any(|text| has(text));
    }

    /// Whose files the log keeps, because the product or the work has them.
    fn find_in_use(&mut self, log: &[Event], versions: &[StoredVersion], in_work: &[String]) {
        let is_used = |artifact: &Artifact| {
            let is_version = |version: &StoredVersion| version.version.artifact == *artifact;
            let is_work = files(artifact).any(|file| in_work.contains(&file));
            versions.iter().any(is_version) || is_work
        };
        for attempt in log.iter().filter_map(LoggedAttempt::of) {
            if attempt.artifact.is_some_and(is_used) {
                self.in_use.insert(attempt.id);
            }
        }
    }

    pub(super) fn remains(&self, session: SessionId) -> Vec<Remains> {
        let mut remains = Vec::new();
        if self.other_rows > 0 {
            let rows = self.other_rows;
            remains.push(Remains::OtherRows { session, rows });
        }
        if self.later_prompts > 0 {
            let rows = self.later_prompts;
            remains.push(Remains::LaterPrompts { session, rows });
        }
        if self.versions > 0 {
            let versions = self.versions;
            remains.push(Remains::Product { session, versions });
        }
        if self.in_work {
            remains.push(Remains::InWork { session });
        }
        remains
    }
}

/// An attempt as the log tells of it.
struct LoggedAttempt<'a> {
    id: AttemptId,
    generation: Option<GenerationId>,
    texts: Vec<&'a String>,
    artifact: Option<&'a Artifact>,
}

impl<'a> LoggedAttempt<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        let written_by_model = |id, written: &'a Written, artifact| Self {
            id,
            generation: Some(written.generation),
            texts: vec![&written.raw, &written.reasoning],
            artifact,
        };
        if let Event::WorkWritten {
            attempt,
            written,
            artifact,
            ..
        } = event
        {
            Some(written_by_model(*attempt, written, Some(artifact)))
        } else if let Event::WorkUnreadable {
            attempt, written, ..
        } = event
        {
            Some(written_by_model(*attempt, written, None))
        } else if let Event::HandEdited { edit } = event {
            Some(Self {
                id: edit.attempt,
                generation: None,
                texts: vec![&edit.raw],
                artifact: Some(&edit.artifact),
            })
        } else {
            None
        }
    }
}

/// Those of rows, and the one that the user looks at.
fn attempts_that_stay(kept: &[StoredExample], session: &Session) -> BTreeSet<AttemptId> {
    let sides = kept.iter().flat_map(|row| [&row.chosen, &row.rejected]);
    let of_rows = sides.flatten().filter_map(|side| side.attempt);
    let open = session.state().current_cycle();
    let open = open.filter(|cycle| cycle.end.is_none());
    let shown = open.and_then(|cycle| cycle.attempt.as_ref());
    of_rows.chain(shown.map(|attempt| attempt.id)).collect()
}

fn attempt_of_chosen(row: &StoredExample) -> Option<AttemptId> {
    row.chosen.as_ref()?.attempt
}

fn keep_row(row: &StoredExample, kept: &mut Vec<String>) {
    kept.extend(row.prompt.iter().map(|message| message.content.clone()));
    for side in [&row.chosen, &row.rejected].into_iter().flatten() {
        keep_side(side, kept);
    }
}

fn keep_side(side: &ExampleSide, kept: &mut Vec<String>) {
    let texts = [&side.text, &side.reasoning, &side.words];
    kept.extend(texts.into_iter().cloned());
    kept.extend(files_of_side(side));
}

fn files_of_side(side: &ExampleSide) -> Vec<String> {
    side.artifact.iter().flat_map(files).collect()
}

fn files(artifact: &Artifact) -> impl Iterator<Item = String> {
    artifact.files().iter().map(|file| file.text.clone())
}

/// What was asked; the system's messages are the workflow's.
fn spoken(messages: &[ChatMessage]) -> impl Iterator<Item = String> {
    messages
        .iter()
        .filter(|message| message.role != Role::System)
        .map(|message| message.content.clone())
}

fn is_over(session: &Session) -> bool {
    matches!(session.state().phase, Phase::Finished)
}

fn is_current(step: &Step, session: &Session) -> bool {
    step.status == StepStatus::Current && !is_over(session)
}

/// What a session has from the user and its workflow.
fn kept_of_session(session: &Session) -> Vec<String> {
    let state = session.state();
    let mut kept = vec![state.start.request.clone()];
    kept.extend(files(&state.start.artifact));
    kept.extend(state.steps.iter().map(|step| step.text.clone()));
    if let Some(setup) = &state.setup {
        for &agent in Agent::ALL {
            let spec = setup.workflow.agents.get(agent);
            kept.extend([spec.system.clone(), spec.user.clone()]);
        }
    }
    let current = state.steps.iter().filter(|step| is_current(step, session));
    for messages in current.filter_map(|step| step.prompt.as_ref()) {
        kept.extend(spoken(messages));
    }
    if let Some(attempt) = state.current_attempt().filter(|_| !is_over(session)) {
        let judged = state
            .current_cycle()
            .is_some_and(|cycle| cycle.end.is_some());
        if !judged {
            kept.extend([
                attempt.written.raw.clone(),
                attempt.written.reasoning.clone(),
            ]);
        }
    }
    kept
}

/// The files that an unfinished session works on.
fn work(session: &Session) -> Vec<String> {
    let state = session.state();
    if is_over(session) {
        return Vec::new();
    }
    let shown = state
        .current_cycle()
        .filter(|cycle| cycle.end.is_none())
        .and_then(|cycle| cycle.attempt.as_ref())
        .and_then(|attempt| attempt.artifact.as_ref());
    let mut work: Vec<_> = files(&state.artifact).collect();
    work.extend(shown.into_iter().flat_map(files));
    work
}
