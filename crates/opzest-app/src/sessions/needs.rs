//! What the user has to do, in words and with what is needed to decide it.

use crate::agents::{self, Call};
use crate::app::{App, now_ms};
use crate::dto::{ErrorCode, Need, SentMessage, UiError};
use crate::sessions::caller::Rehearsal;
use crate::workflows::Workflows;
use opzest_core::ids::GenerationId;
use opzest_core::session::{CallProblem, Need as CoreNeed, Phase, State, Teacher};
use opzest_core::workflow::Agent;
use tokio_util::sync::CancellationToken;

pub(super) async fn need_of(app: &App, state: &State, need: CoreNeed) -> Need {
    match need {
        CoreNeed::ApprovePlan => Need::ApprovePlan,
        CoreNeed::Judge => Need::Judge,
        CoreNeed::ChooseVerdict => Need::ChooseVerdict,
        CoreNeed::PoolExhausted => Need::PoolExhausted,
        CoreNeed::Teacher(agent) => Need::Teacher {
            agent: agent.into(),
        },
        CoreNeed::Trouble => trouble(state),
        CoreNeed::Consent { agent, teacher } => consent(app, state, agent, teacher).await,
        CoreNeed::Resume => Need::Resume,
        CoreNeed::Nothing => Need::Nothing,
    }
}

fn trouble(state: &State) -> Need {
    let Phase::Trouble(trouble) = &state.phase else {
        return Need::Nothing;
    };
    Need::Trouble {
        agent: trouble.agent.into(),
        problem: shown(&trouble.problem),
    }
}

fn shown(problem: &CallProblem) -> UiError {
    let code = serde_json::from_value(problem.code.clone().into());
    UiError {
        code: code.unwrap_or(ErrorCode::Model),
        message: problem.message.clone(),
        hint: problem.hint.clone(),
    }
}

/// The same code that would send the text fills in what would be sent.
async fn consent(app: &App, state: &State, agent: Agent, teacher: Teacher) -> Need {
    Need::Consent {
        agent: agent.into(),
        model_id: teacher.model.id.to_string(),
        model_name: teacher.model.name.clone(),
        destination: teacher.destination.clone(),
        messages: rehearsed(app, state, agent, &teacher).await,
    }
}

async fn rehearsed(app: &App, state: &State, agent: Agent, teacher: &Teacher) -> Vec<SentMessage> {
    let Ok((rehearsal, caller)) = Rehearsal::of(app, teacher).await else {
        return Vec::new();
    };
    let cancel = CancellationToken::new();
    let call = Call {
        caller: &caller,
        generation: GenerationId::new(now_ms(), rand::random()),
        sink: &|_| {},
        cancel: &cancel,
    };
    // Each ends with the cancellation that the rehearsal answers with.
    match agent {
        Agent::Planner => {
            let known = Workflows::load(app.data_folder());
            let _ = agents::plan(state, &known.all(), &call).await;
        }
        Agent::Lead => {
            let _ = agents::instruct(state, &call).await;
        }
        Agent::Worker => {
            let _ = agents::work(state, &call).await;
        }
        Agent::Analyst => {
            let _ = agents::analyse(state, &call).await;
        }
    }
    rehearsal.messages()
}
