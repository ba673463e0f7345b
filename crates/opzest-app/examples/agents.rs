//! How the agents do with the embedded model: how often the analyst is right and how often it is sure, and
//! how often a worker's first answer can be read, held to its form by a grammar or not.
//!
//! `cargo run --example agents` after `make model`; prints tables for docs/experiments.md.

use anyhow::{Context, Result};
use async_trait::async_trait;
use opzest_app::agents::{AgentPiece, Call, Caller, analyse, work};
use opzest_app::workflows::Workflows;
use opzest_app::{WorkerCommand, run_if_worker};
use opzest_core::artifact::Artifact;
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::ids::{AttemptId, GenerationId, ModelId, StepId};
use opzest_core::session::{
    CheckOutcome, Event, Next, PlannedStep, Pools, Session, Setup, Start, Teacher, Verdict, Written,
};
use opzest_llm::local::{LoadOptions, LocalModel};
use opzest_llm::{
    Capabilities, ChatModel, ChatRequest, Generation, LlmError, ScoreRequest, TokenTrace,
};
use std::process::ExitCode;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../models/SmolLM2-135M-Instruct.Q4_1.gguf"
);

const INSTRUCTIONS: &[(&str, &str)] = &[
    (
        "script",
        "Print the numbers from 1 to 10 and their squares.",
    ),
    ("script", "Print the sum of 120.50, 60.00 and 43.20."),
    (
        "document",
        "Write a short letter to the landlord: the heating in the kitchen is broken since Monday. Ask for a repair this week. Signed by Anna Weber.",
    ),
    ("page", "Make a page with a button that counts clicks."),
    (
        "data",
        "Write a list of three objects with \"spanish\" and \"english\": food words.",
    ),
];

fn main() -> Result<ExitCode> {
    if let Some(code) = run_if_worker() {
        return Ok(code);
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(measure())?;
    Ok(ExitCode::SUCCESS)
}

async fn measure() -> Result<()> {
    let options = LoadOptions {
        threads: 1,
        context_size: 2048,
        sequences: 2,
        memory_map: true,
    };
    let command = WorkerCommand::new(std::env::current_exe()?);
    let model = Arc::new(LocalModel::new(command, MODEL, options));
    for (name, set) in [
        ("tuned on", include_str!("../tests/data/feedback.tsv")),
        (
            "held out",
            include_str!("../tests/data/feedback-held-out.tsv"),
        ),
    ] {
        analyst(name, set, &model).await?;
    }
    worker("with the grammar", Arc::clone(&model) as _).await?;
    worker("without", Arc::new(Free(model))).await
}

async fn analyst(name: &str, set: &str, model: &Arc<LocalModel>) -> Result<()> {
    let (mut all, mut right, mut sure, mut sure_right) = (0, 0, 0, 0);
    let began = std::time::Instant::now();
    for line in set.lines().filter(|line| !line.starts_with('#')) {
        let (verdict, words) = line.split_once('\t').context("verdict, tab, words")?;
        let session = shown("script", "Make it", words)?;
        let caller = caller(Arc::clone(model) as _);
        let analysis = analyse(session.state(), &call(&caller, &CancellationToken::new())).await?;
        let (heard, probability) = analysis.verdict();
        let hit = heard == verdict.parse::<Verdict>()?;
        let is_sure = probability >= 0.75;
        all += 1;
        right += u32::from(hit);
        sure += u32::from(is_sure);
        sure_right += u32::from(is_sure && hit);
    }
    let each = began.elapsed() / all.max(1);
    println!(
        "analyst, {name}: {right} of {all} right; sure of {sure}, {sure_right} of them right; {each:?} each"
    );
    Ok(())
}

async fn worker(name: &str, model: Arc<dyn ChatModel>) -> Result<()> {
    let (mut readable, mut first, mut tokens) = (0, 0, 0);
    for (id, instruction) in INSTRUCTIONS {
        let session = instructed(id, "Make it", instruction)?;
        let mut caller = caller(Arc::clone(&model));
        caller.context_size = 1024;
        let worked = work(session.state(), &call(&caller, &CancellationToken::new())).await?;
        readable += u32::from(worked.artifact.is_ok());
        first += u32::from(worked.artifact.is_ok() && !worked.repaired);
        tokens += worked.spoken.written.answer_tokens;
    }
    let all = INSTRUCTIONS.len();
    println!(
        "worker, {name}: {first} of {all} readable at once, {readable} in the end; {tokens} tokens"
    );
    Ok(())
}

fn caller(model: Arc<dyn ChatModel>) -> Caller {
    Caller {
        model,
        name: name(),
        context_size: 2048,
        trace_top_k: None,
        adapters: Vec::new(),
        seed: Some(1),
    }
}

fn call<'a>(caller: &'a Caller, cancel: &'a CancellationToken) -> Call<'a> {
    Call {
        caller,
        generation: GenerationId::new(1, [1; 10]),
        sink: &|_: AgentPiece| {},
        cancel,
    }
}

fn name() -> ModelName {
    ModelName {
        id: ModelId::from_name("embedded").expect("a slug"),
        name: "embedded".into(),
    }
}

/// A session whose worker is wanted.
fn instructed(workflow: &str, step: &str, instruction: &str) -> Result<Session> {
    let workflows = Workflows::bundled();
    let workflow = workflows.get(&workflow.parse()?).context("it is bundled")?;
    let pool = vec![Teacher {
        model: name(),
        remote: false,
        destination: String::new(),
    }];
    let pools = Pools {
        planner: pool.clone(),
        lead: pool.clone(),
        worker: pool.clone(),
        analyst: pool,
    };
    let start = Start {
        request: step.into(),
        artifact: Artifact::EMPTY,
        scope: Scope::Private,
        setup: Some(Setup {
            workflow: workflow.clone(),
            pools: pools.clone(),
        }),
        pools,
        plan: vec![PlannedStep {
            id: StepId::new(1, [1; 10]),
            text: step.into(),
        }],
    };
    let (mut session, _) = Session::begin(Event::Started {
        start: Box::new(start),
    })?;
    session.handle(Event::PlanApproved)?;
    let call = wanted(&session)?;
    session.handle(Event::InstructionWritten {
        call,
        written: Box::new(written()),
        instruction: instruction.into(),
    })?;
    Ok(session)
}

/// A session whose user has said something.
fn shown(workflow: &str, step: &str, words: &str) -> Result<Session> {
    let mut session = instructed(workflow, step, "Make it.")?;
    let artifact = Artifact::one("main.py".parse()?, "print(1)\n");
    session.handle(Event::WorkWritten {
        call: wanted(&session)?,
        attempt: AttemptId::new(1, [1; 10]),
        written: Box::new(written()),
        artifact,
    })?;
    let check = CheckOutcome::Passed {
        output: String::new(),
        warnings: Vec::new(),
    };
    session.handle(Event::Checked {
        call: wanted(&session)?,
        check,
    })?;
    session.handle(Event::FeedbackGiven {
        words: words.into(),
    })?;
    Ok(session)
}

fn wanted(session: &Session) -> Result<opzest_core::session::CallId> {
    match session.next() {
        Next::Task { call, .. } => Ok(call),
        Next::User(need) => anyhow::bail!("the session waits for {need:?}"),
    }
}

fn written() -> Written {
    Written {
        generation: GenerationId::new(1, [1; 10]),
        model: name(),
        prompt_version: 1,
        messages: Vec::new(),
        raw: String::new(),
        reasoning: String::new(),
        left_out: Vec::new(),
        prompt_tokens: 0,
        answer_tokens: 0,
        took_ms: 0,
    }
}

/// The same model without grammars, as on a plain server.
struct Free(Arc<LocalModel>);

#[async_trait]
impl ChatModel for Free {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            grammar: false,
            json_schema: false,
            ..self.0.capabilities()
        }
    }

    async fn generate(
        &self,
        request: ChatRequest,
        cancel: CancellationToken,
    ) -> Result<Generation, LlmError> {
        self.0.generate(request, cancel).await
    }

    async fn count_tokens(&self, messages: Vec<ChatMessage>) -> Result<Option<u32>, LlmError> {
        self.0.count_tokens(messages).await
    }

    async fn score(
        &self,
        request: ScoreRequest,
        cancel: CancellationToken,
    ) -> Result<Vec<TokenTrace>, LlmError> {
        self.0.score(request, cancel).await
    }
}
