//! Taking deleted text out of an event, so that the event still fits where it stands.

use super::DELETED;
use super::doomed::Doomed;
use super::needles::Needles;
use opzest_core::artifact::{Artifact, ArtifactFile};
use opzest_core::ids::AttemptId;
use opzest_core::session::{Analysis, CheckOutcome, Event, Written};

/// Replaces what goes; ids, names of files and everything that decides anything stay.
pub(super) fn forget(event: &mut Event, doomed: &Doomed, needles: &Needles) {
    let is_doomed = |attempt: &AttemptId| doomed.attempts.contains(attempt);
    let is_in_use = |attempt: &AttemptId| doomed.in_use.contains(attempt);
    if let Event::WorkWritten {
        attempt,
        written,
        artifact,
        ..
    } = event
        && is_doomed(attempt)
    {
        mark_written(written);
        if !is_in_use(attempt) {
            *artifact = each_file(artifact, mark);
        }
    } else if let Event::WorkUnreadable {
        attempt,
        written,
        problem,
        ..
    } = event
        && is_doomed(attempt)
    {
        mark_written(written);
        mark(problem);
    } else if let Event::HandEdited { edit } = event
        && is_doomed(&edit.attempt)
    {
        mark(&mut edit.raw);
        if !is_in_use(&edit.attempt) {
            edit.artifact = each_file(&edit.artifact, mark);
        }
    }
    each_text(event, &mut |text| needles.forget_in(text));
}

fn mark(text: &mut String) {
    if !text.is_empty() {
        *text = DELETED.to_owned();
    }
}

fn mark_written(written: &mut Written) {
    mark(&mut written.raw);
    mark(&mut written.reasoning);
}

/// The artifact with its texts changed.
pub(super) fn each_file(artifact: &Artifact, mut change: impl FnMut(&mut String)) -> Artifact {
    let files = artifact.files().iter().cloned().map(|mut file| {
        change(&mut file.text);
        file
    });
    files.collect::<Vec<ArtifactFile>>().into_iter().collect()
}

/// Every text of an event that a person or a model wrote, but the plan and what the session began with.
fn each_text(event: &mut Event, change: &mut dyn FnMut(&mut String)) {
    match event {
        Event::PlanWritten { written, .. } => of_written(written, change),
        Event::InstructionWritten {
            written,
            instruction,
            ..
        } => {
            of_written(written, change);
            change(instruction);
        }
        Event::WorkWritten {
            written, artifact, ..
        } => {
            of_written(written, change);
            *artifact = each_file(artifact, change);
        }
        Event::WorkUnreadable {
            written, problem, ..
        } => {
            of_written(written, change);
            change(problem);
        }
        Event::Checked { check, .. } => of_check(check, change),
        Event::FeedbackAnalysed { analysis, .. } => of_analysis(analysis, change),
        Event::CallFailed { problem, .. } => {
            change(&mut problem.message);
            change(&mut problem.hint);
        }
        Event::FeedbackGiven { words }
        | Event::VerdictGiven { words, .. }
        | Event::CheckOverruled { words } => change(words),
        Event::HandEdited { edit } => {
            change(&mut edit.raw);
            change(&mut edit.words);
            edit.artifact = each_file(&edit.artifact, &mut *change);
            for message in &mut edit.messages {
                change(&mut message.content);
            }
        }
        Event::Started { .. }
        | Event::PlanEdited { .. }
        | Event::PlanApproved
        | Event::VerdictUndone
        | Event::StepSkipped
        | Event::TriedAgain
        | Event::TeacherChosen { .. }
        | Event::PoolChanged { .. }
        | Event::ConsentGiven { .. }
        | Event::ConsentRefused { .. }
        | Event::Paused
        | Event::Resumed
        | Event::Stopped => {}
    }
}

fn of_written(written: &mut Written, change: &mut dyn FnMut(&mut String)) {
    for message in &mut written.messages {
        change(&mut message.content);
    }
    change(&mut written.raw);
    change(&mut written.reasoning);
    written.left_out.iter_mut().for_each(change);
}

fn of_check(check: &mut CheckOutcome, change: &mut dyn FnMut(&mut String)) {
    match check {
        CheckOutcome::Passed { output, warnings } => {
            change(output);
            warnings.iter_mut().for_each(change);
        }
        CheckOutcome::Failed { error, output } => {
            change(error);
            change(output);
        }
        CheckOutcome::NotRun { why } => change(why),
    }
}

fn of_analysis(analysis: &mut Analysis, change: &mut dyn FnMut(&mut String)) {
    change(&mut analysis.reason);
}
