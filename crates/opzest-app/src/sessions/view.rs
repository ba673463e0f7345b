//! A session as the window and the terminal show it.

use crate::agents::main_file;
use crate::dto;
use crate::dto::{
    AnalysisView, AttemptView, CheckView, CycleEnd, CycleView, FeedbackView, FileText,
    InstructionView, Need, PlanView, PoolTeacher, PoolView, SessionView, StepView,
    TeacherSwitchView, UiError, VersionView, WhoWorked,
};
use opzest_core::artifact::Artifact;
use opzest_core::session as core;
use opzest_core::session::{Attempt, CheckOutcome, Cycle, Phase, Session, State, Step, Written};
use opzest_core::workflow::Agent;

/// What the view shows beside the session itself.
pub(super) struct Beside {
    pub(super) summary: dto::SessionSummary,
    pub(super) need: Need,
    pub(super) unsaved: Option<UiError>,
}

pub(super) fn view(session: &Session, beside: Beside) -> SessionView {
    let state = session.state();
    let setup = state.setup.as_ref();
    SessionView {
        summary: beside.summary,
        request: state.start.request.clone(),
        start_files: files(&state.start.artifact),
        workflow: setup.map(|setup| dto::WorkflowInfo {
            // What the user brought to be worked on stands in the place of the workflow's own.
            file_name: main_file(&setup.workflow.product, &state.artifact).to_string(),
            ..workflow_info(&setup.workflow, None)
        }),
        plan: state.plan.as_ref().map(|written| PlanView {
            reasoning: written.reasoning.clone(),
            by: who(written, state, Agent::Planner),
            left_out: written.left_out.clone(),
        }),
        steps: state
            .steps
            .iter()
            .map(|step| step_view(step, session))
            .collect(),
        files: files(&state.artifact),
        versions: versions(state),
        need: beside.need,
        pools: Agent::ALL.iter().map(|&agent| pool(state, agent)).collect(),
        failed_attempts: state.failed_attempts,
        allowed_attempts: state.attempts_before_switch(),
        can_undo: state.can_undo(),
        can_overrule: can_overrule(state),
        unsaved: beside.unsaved,
    }
}

pub(crate) fn files(artifact: &Artifact) -> Vec<FileText> {
    let file = |file: &opzest_core::artifact::ArtifactFile| FileText {
        name: file.name.to_string(),
        text: file.text.clone(),
    };
    artifact.files().iter().map(file).collect()
}

pub(super) fn workflow_info(
    workflow: &opzest_core::workflow::Workflow,
    path: Option<String>,
) -> dto::WorkflowInfo {
    let template = |template: &opzest_core::workflow::Template| dto::RequestTemplate {
        title: template.title.clone(),
        request: template.request.clone(),
    };
    dto::WorkflowInfo {
        id: workflow.id.to_string(),
        version: workflow.version,
        name: workflow.name.clone(),
        description: workflow.description.clone(),
        kind: workflow.product.kind.into(),
        file_name: workflow.product.file.to_string(),
        attempts: workflow.attempts,
        templates: workflow.templates.iter().map(template).collect(),
        path,
    }
}

fn who(written: &Written, state: &State, agent: Agent) -> WhoWorked {
    let pool = state.pools().get(agent);
    let teacher = pool
        .iter()
        .find(|teacher| teacher.model.id == written.model.id);
    WhoWorked {
        model_id: written.model.id.to_string(),
        model_name: written.model.name.clone(),
        remote: teacher.is_some_and(|teacher| teacher.remote),
        seconds: written.took_ms as f32 / 1_000.0,
        tokens: written.answer_tokens,
    }
}

fn step_view(step: &Step, session: &Session) -> StepView {
    let mut attempts = 0;
    let cycles = step.cycles.iter().map(|cycle| {
        attempts += u32::from(cycle.attempt.is_some());
        cycle_view(cycle, attempts, session)
    });
    StepView {
        id: step.id.to_string(),
        text: step.text.clone(),
        status: match step.status {
            core::StepStatus::Waiting => dto::StepStatus::Waiting,
            core::StepStatus::Current => dto::StepStatus::Current,
            core::StepStatus::Done => dto::StepStatus::Done,
            core::StepStatus::Skipped => dto::StepStatus::Skipped,
        },
        cycles: cycles.collect(),
    }
}

fn cycle_view(cycle: &Cycle, number: u32, session: &Session) -> CycleView {
    let state = session.state();
    CycleView {
        instruction: cycle
            .instruction
            .as_ref()
            .map(|instruction| InstructionView {
                text: instruction.text.clone(),
                reasoning: instruction.written.reasoning.clone(),
                by: who(&instruction.written, state, Agent::Lead),
                left_out: instruction.written.left_out.clone(),
            }),
        attempt: cycle
            .attempt
            .as_ref()
            .map(|attempt| attempt_view(attempt, number, state)),
        feedback: cycle.feedback.as_ref().map(|feedback| FeedbackView {
            words: feedback.words.clone(),
            analysis: session.analysis(cycle).map(analysis_view),
        }),
        end: cycle.end.as_ref().map(end_view),
        switch: cycle.switch.as_ref().map(|switch| TeacherSwitchView {
            from: switch
                .from
                .as_ref()
                .map(|teacher| teacher.model.name.clone()),
            to: switch.to.as_ref().map(|teacher| teacher.model.name.clone()),
            cause: match switch.cause {
                core::SwitchCause::Failures => dto::SwitchCause::Failures,
                core::SwitchCause::Unreachable => dto::SwitchCause::Unreachable,
                core::SwitchCause::NoConsent => dto::SwitchCause::NoConsent,
                core::SwitchCause::User => dto::SwitchCause::User,
            },
        }),
    }
}

fn attempt_view(attempt: &Attempt, number: u32, state: &State) -> AttemptView {
    AttemptView {
        id: attempt.id.to_string(),
        number,
        by: who(&attempt.written, state, Agent::Worker),
        reasoning: attempt.written.reasoning.clone(),
        raw: attempt.written.raw.clone(),
        files: attempt.artifact.as_ref().map(files).unwrap_or_default(),
        left_out: attempt.written.left_out.clone(),
        check: attempt.check.as_ref().map(|check| match check.clone() {
            CheckOutcome::Passed { output, warnings } => CheckView::Passed { output, warnings },
            CheckOutcome::Failed { error, output } => CheckView::Failed { error, output },
            CheckOutcome::NotRun { why } => CheckView::NotRun { why },
        }),
    }
}

fn analysis_view(analysis: &core::Analysis) -> AnalysisView {
    let [redo, further_edit, accepted] = analysis.probabilities;
    AnalysisView {
        verdict: analysis.verdict().0.into(),
        redo,
        further_edit,
        accepted,
        reason: analysis.reason.clone(),
        model_name: analysis.model.name.clone(),
    }
}

fn end_view(end: &core::CycleEnd) -> CycleEnd {
    match end {
        core::CycleEnd::Error { error } => CycleEnd::Error {
            error: error.clone(),
        },
        core::CycleEnd::Judged { verdict, by } => CycleEnd::Judged {
            verdict: (*verdict).into(),
            by_user: *by == core::Author::User,
        },
        core::CycleEnd::HandEdited {
            attempt,
            artifact,
            words,
            ..
        } => CycleEnd::HandEdited {
            attempt_id: attempt.to_string(),
            files: files(artifact),
            words: words.clone(),
        },
        core::CycleEnd::Overruled => CycleEnd::Overruled,
    }
}

fn versions(state: &State) -> Vec<VersionView> {
    let last = state.versions.len();
    let view = |(index, version): (usize, &core::Version)| VersionView {
        number: index as u32 + 1,
        step_id: version.step.to_string(),
        attempt_id: version.attempt.to_string(),
        files: files(&version.artifact),
        by_hand: version.by_hand,
        is_final: state.phase == Phase::Finished && index + 1 == last,
    };
    state.versions.iter().enumerate().map(view).collect()
}

fn pool(state: &State, agent: Agent) -> PoolView {
    let teacher = |teacher: &core::Teacher| PoolTeacher {
        model_id: teacher.model.id.to_string(),
        name: teacher.model.name.clone(),
        remote: teacher.remote,
        refused: state.refusals.contains(&teacher.model.id),
    };
    PoolView {
        agent: agent.into(),
        teachers: state.pools().get(agent).iter().map(teacher).collect(),
        place: state.place(agent) as u32,
    }
}

/// The last attempt of the current step has an artifact, and failed.
fn can_overrule(state: &State) -> bool {
    let Some(step) = state.current_step() else {
        return false;
    };
    let tried = step
        .cycles
        .iter()
        .rev()
        .find(|cycle| cycle.attempt.is_some());
    tried.is_some_and(|cycle| {
        let has_artifact = cycle
            .attempt
            .as_ref()
            .is_some_and(|attempt| attempt.artifact.is_some());
        has_artifact && matches!(cycle.end, Some(core::CycleEnd::Error { .. }))
    })
}
