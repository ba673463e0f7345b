//! What the user does, as events of the session.

use crate::agents;
use crate::app::{App, now_ms};
use crate::dto::{FileText, SessionAct, UiError};
use crate::error::invalid;
use crate::sessions::task::new_step;
use crate::teachers::teachers;
use opzest_core::artifact::{Artifact, FileName};
use opzest_core::ids::{AttemptId, ModelId};
use opzest_core::session::{Event, HandEdit, Ignored, PlannedStep, State};

/// All files of an artifact, in bytes.
const MOST_BYTES: usize = 4 << 20;
/// What is said about a result; more belongs into a file.
const LONGEST_WORDS: usize = 1 << 20;

/// The event of an act.
pub(super) async fn event_of(app: &App, state: &State, act: SessionAct) -> Result<Event, UiError> {
    if let Some(words) = words_of(&act) {
        ensure_text("What you said", words, LONGEST_WORDS)?;
    }
    Ok(match act {
        SessionAct::ApprovePlan => Event::PlanApproved,
        SessionAct::EditPlan { steps } => {
            let planned = steps.into_iter().map(|step| match step.id {
                None => Ok(new_step(step.text)),
                Some(id) => Ok(PlannedStep {
                    id: id.parse().map_err(|source| invalid(format!("{source}.")))?,
                    text: step.text,
                }),
            });
            let steps = planned.collect::<Result<_, UiError>>()?;
            Event::PlanEdited { steps }
        }
        SessionAct::Feedback { words } => Event::FeedbackGiven { words },
        SessionAct::Verdict {
            verdict,
            words,
            attempt_id,
        } => Event::VerdictGiven {
            verdict: verdict.into(),
            words,
            attempt: attempt_id
                .map(|id| id.parse())
                .transpose()
                .map_err(|source| invalid(format!("{source}.")))?,
        },
        SessionAct::HandEdit { files, words } => hand_edit(state, files, words)?,
        SessionAct::Overrule { words } => Event::CheckOverruled { words },
        SessionAct::Undo => Event::VerdictUndone,
        SessionAct::SkipStep => Event::StepSkipped,
        SessionAct::TryAgain => Event::TriedAgain,
        SessionAct::ChooseTeacher { agent, place } => Event::TeacherChosen {
            agent: agent.into(),
            place,
        },
        SessionAct::SetPool { agent, model_ids } => Event::PoolChanged {
            agent: agent.into(),
            pool: teachers(app, &model_ids).await?,
        },
        SessionAct::Consent { model_id, allow } => {
            let model: ModelId = model_id
                .parse()
                .map_err(|source| invalid(format!("{source}.")))?;
            match allow {
                true => Event::ConsentGiven { model },
                false => Event::ConsentRefused { model },
            }
        }
        SessionAct::Pause => Event::Paused,
        SessionAct::Resume => Event::Resumed,
        SessionAct::Stop => Event::Stopped,
    })
}

fn words_of(act: &SessionAct) -> Option<&str> {
    match act {
        SessionAct::Feedback { words }
        | SessionAct::Verdict { words, .. }
        | SessionAct::HandEdit { words, .. }
        | SessionAct::Overrule { words } => Some(words),
        SessionAct::ApprovePlan
        | SessionAct::EditPlan { .. }
        | SessionAct::Undo
        | SessionAct::SkipStep
        | SessionAct::TryAgain
        | SessionAct::ChooseTeacher { .. }
        | SessionAct::SetPool { .. }
        | SessionAct::Consent { .. }
        | SessionAct::Pause
        | SessionAct::Resume
        | SessionAct::Stop => None,
    }
}

/// Models read text of a length that somebody can have written.
pub(super) fn ensure_text(what: &str, text: &str, most: usize) -> Result<(), UiError> {
    if text.contains('\0') {
        return Err(invalid(format!(
            "{what} is not text: there is a zero byte in it."
        )));
    }
    if text.len() > most {
        return Err(invalid(format!(
            "{what} has {:.1} MB, and {} MB is the most. Put long texts into a file.",
            text.len() as f64 / f64::from(1 << 20),
            most >> 20
        )));
    }
    Ok(())
}

fn hand_edit(state: &State, files: Vec<FileText>, words: String) -> Result<Event, UiError> {
    let artifact = to_artifact(files)?;
    if artifact.is_empty() {
        return Err(invalid("Your version has no file."));
    }
    let messages = agents::messages_for_hand_edit(state)
        .map_err(|problem| invalid(format!("Your version cannot be used now: {problem}.")))?;
    Ok(Event::HandEdited {
        edit: Box::new(HandEdit {
            attempt: AttemptId::new(now_ms(), rand::random()),
            raw: agents::render_raw(&artifact),
            artifact,
            messages,
            words,
        }),
    })
}

/// Files that a user gave.
pub(super) fn to_artifact(files: Vec<FileText>) -> Result<Artifact, UiError> {
    let mut artifact = Artifact::EMPTY;
    for file in files {
        let name: FileName = file
            .name
            .parse()
            .map_err(|source| invalid(format!("{source}.")))?;
        if artifact.files().iter().any(|other| other.name == name) {
            return Err(invalid(format!("There are two files called {name}.")));
        }
        if file.text.contains('\0') {
            return Err(invalid(format!(
                "{name} is not a text file: there is a zero byte in it."
            )));
        }
        artifact.put(name, file.text);
    }
    if artifact.bytes() > MOST_BYTES {
        return Err(invalid(format!(
            "The files have {:.1} MB together, and {} MB is the most.",
            artifact.bytes() as f64 / f64::from(1 << 20),
            MOST_BYTES >> 20
        )));
    }
    Ok(artifact)
}

/// Why an act was not taken, for the user.
pub(super) fn refused(ignored: Ignored) -> UiError {
    let hint = match ignored {
        Ignored::NotNow => "The session may have gone on meanwhile.",
        Ignored::OtherAttempt => "Look at what is shown now.",
        Ignored::NoSuchTeacher => "Choose one of the list.",
        Ignored::NoWords => "Say what is wrong, or accept it.",
        Ignored::Start
        | Ignored::StaleCall
        | Ignored::NothingToUndo
        | Ignored::EmptyPlan
        | Ignored::EmptyStep
        | Ignored::StepTwice
        | Ignored::StepIsOver
        | Ignored::NeedsWorkflow
        | Ignored::NotProbabilities
        | Ignored::AttemptTwice
        | Ignored::NothingToOverrule => "",
    };
    UiError {
        hint: hint.into(),
        ..invalid(crate::error::sentence(&ignored.to_string()))
    }
}
