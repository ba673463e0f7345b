//! Writes one answer: runs the model, streams to the host, saves as it goes, ends it in the store.

use crate::app::{App, now_ms};
use crate::conversations::{messages_before, to_conversation_summary, to_message};
use crate::dto::{ChatEvent, ChatOutcome, ErrorCode, ModelSpeed, UiError};
use crate::events::Events;
use crate::local_use::LocalUse;
use crate::settings::settings;
use futures::StreamExt;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::{
    AnswerError, AnswerStats, ConversationSummary, Message, MessageStatus,
};
use opzest_core::ids::MessageId;
use opzest_core::model::{ModelKind, RegisteredModel};
use opzest_llm::local::LocalModel;
use opzest_llm::{
    ChatModel, ChatRequest, FinishReason, Generation, GenerationEvent, GenerationSummary, LlmError,
    Sampling, Usage,
};
use opzest_store::{AnswerEnd, FinishedAnswer, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the text so far goes to the store.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// Text is sent to the host at most this often: a screen shows no more.
const SHOW_EVERY: Duration = Duration::from_millis(33);

/// An answer to write: its place in the store is there already.
pub(crate) struct Writing {
    pub(crate) conversation: ConversationSummary,
    pub(crate) answer: Message,
    pub(crate) model: RegisteredModel,
    pub(crate) stop: CancellationToken,
    pub(crate) events: Events<ChatEvent>,
}

/// How an answer ended, as the store will have it.
#[derive(Clone)]
pub(crate) struct Ending {
    status: MessageStatus,
    text: String,
    stats: Option<AnswerStats>,
    error: Option<AnswerError>,
    finish: Option<String>,
}

impl Ending {
    /// Makes a message look as it will when this is saved.
    pub(crate) fn show_in(&self, message: &mut Message) {
        message.text = self.text.clone();
        message.status = self.status;
        message.stats = self.stats;
        message.error = self.error.clone();
    }
}

/// Writes the answer and ends it in the store. Whatever fails is told by the answer itself. If the store
/// cannot take it now (a full disk), the answer is kept in memory and saved before the next turn.
pub(crate) async fn write_answer(app: &App, writing: Writing) -> ChatOutcome {
    let (conversation, answer) = (writing.conversation.clone(), writing.answer.clone());
    let mut text = String::new();
    let result = run(app, writing, &mut text).await;
    let ending = ending(text, result);
    match save_ending(app, answer.id, ending.clone()).await {
        Ok(finished) => ChatOutcome {
            conversation: to_conversation_summary(finished.conversation),
            answer: to_message(finished.answer),
        },
        Err(error) => {
            let mut unsaved = answer;
            ending.show_in(&mut unsaved);
            // A conversation that was deleted meanwhile is to be forgotten, not kept.
            if error.code != ErrorCode::NotFound {
                tracing::error!(code = ?error.code, "an answer is not saved yet; it is kept in memory");
                app.unfinished().keep_unsaved(unsaved.id, ending);
            }
            unsaved.error = Some(to_answer_error(error));
            ChatOutcome {
                conversation: to_conversation_summary(conversation),
                answer: to_message(unsaved),
            }
        }
    }
}

/// Saves what could not be saved when it ended.
pub(crate) async fn save_unsaved(app: &App) -> Result<(), UiError> {
    for (answer, ending) in app.unfinished().unsaved() {
        match save_ending(app, answer, ending).await {
            Ok(_) => app.unfinished().forget_unsaved(answer),
            // Deleted meanwhile, with its conversation.
            Err(error) if error.code == ErrorCode::NotFound => {
                app.unfinished().forget_unsaved(answer)
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn run(app: &App, writing: Writing, text: &mut String) -> Result<GenerationSummary, UiError> {
    let (answer, events) = (writing.answer.id, writing.events.clone());
    let stop = writing.stop.clone();
    let (model, generation) = tokio::select! {
        begun = begin(app, writing) => begun?,
        // Stopped while the model is being loaded.
        () = stop.cancelled() => return Ok(stopped_before_start()),
    };
    // Held until the end: the runner sees that the model is in use.
    let context_size = model.options().context_size;
    follow(app, answer, generation, &events, context_size, text).await
}

/// Loads the model if need be, and starts the generation.
async fn begin(app: &App, writing: Writing) -> Result<(Arc<LocalModel>, Generation), UiError> {
    let Writing {
        conversation,
        answer,
        model,
        stop,
        events,
    } = writing;
    let settings = settings(app).await?;
    let stored = app
        .store(move |store| store.conversation(conversation.id))
        .await?;
    let mut messages = messages_before(&stored, answer.id);
    if let Some(prompt) = settings
        .system_prompt
        .clone()
        .filter(|prompt| !prompt.trim().is_empty())
    {
        messages.insert(0, ChatMessage::new(Role::System, prompt));
    }
    if model.details.kind == ModelKind::Remote {
        let what = "models on servers cannot be used in conversations yet".into();
        return Err(LlmError::Unsupported {
            model: model.details.name,
            what,
        }
        .into());
    }
    let LocalUse { file, adapters } = LocalUse::of(app, &model.details).await?;
    let local = app.runner().model(&file, &settings).await?;
    if !local.is_loaded().await {
        events.send(&ChatEvent::LoadingModel {
            model_name: model.details.name,
        });
    }
    let request = ChatRequest {
        max_tokens: settings.max_answer_tokens,
        adapters,
        ..ChatRequest::new(messages, settings.sampling())
    };
    let generation = local.generate(request, stop).await?;
    Ok((local, generation))
}

fn stopped_before_start() -> GenerationSummary {
    GenerationSummary {
        finish: FinishReason::Cancelled,
        usage: Usage::default(),
        reading: Duration::ZERO,
        generating: Duration::ZERO,
        context_size: None,
        trace_problem: None,
    }
}

/// Shows and saves the text while it is written.
async fn follow(
    app: &App,
    answer: MessageId,
    mut generation: Generation,
    events: &Events<ChatEvent>,
    context_size: u32,
    text: &mut String,
) -> Result<GenerationSummary, UiError> {
    let (mut tokens, mut prompt_tokens) = (0, 0);
    let mut first_token: Option<Instant> = None;
    let mut unshown = String::new();
    let (mut shown, mut saved) = (None::<Instant>, Instant::now());
    while let Some(event) = generation.next().await {
        match event? {
            GenerationEvent::Reading {
                read,
                total,
                cached,
            } => {
                prompt_tokens = total;
                events.send(&ChatEvent::Reading {
                    read,
                    total,
                    cached,
                });
            }
            GenerationEvent::Token { text: piece, .. } => {
                tokens += 1;
                let since_first = first_token.get_or_insert_with(Instant::now).elapsed();
                text.push_str(&piece);
                unshown.push_str(&piece);
                if !unshown.is_empty() && shown.is_none_or(|shown| shown.elapsed() >= SHOW_EVERY) {
                    shown = Some(Instant::now());
                    events.send(&ChatEvent::Delta {
                        text: std::mem::take(&mut unshown),
                        tokens,
                        tokens_per_second: rate(tokens, since_first),
                        context_used: prompt_tokens + tokens,
                        context_size,
                    });
                }
                if saved.elapsed() >= SAVE_EVERY {
                    saved = Instant::now();
                    let so_far = text.clone();
                    let save = move |store: &mut Store| store.write_answer(answer, &so_far);
                    // The last save tells the user; until then the answer goes on.
                    if let Err(error) = app.store(save).await {
                        tracing::warn!(code = ?error.code, "the answer so far could not be saved");
                    }
                }
            }
            GenerationEvent::Finished(summary) => {
                if !unshown.is_empty() {
                    events.send(&ChatEvent::Delta {
                        text: unshown,
                        tokens,
                        tokens_per_second: rate(tokens, summary.generating),
                        context_used: prompt_tokens + tokens,
                        context_size,
                    });
                }
                return Ok(summary);
            }
        }
    }
    Err(LlmError::WorkerDied {
        how: "its answer broke off".into(),
    }
    .into())
}

/// Tokens per second after the first one, which belongs to the reading.
fn rate(tokens: u32, since_first: Duration) -> f32 {
    if tokens < 2 || since_first.is_zero() {
        return 0.0;
    }
    (tokens - 1) as f32 / since_first.as_secs_f32()
}

fn ending(text: String, result: Result<GenerationSummary, UiError>) -> Ending {
    match result {
        Ok(summary) => Ending {
            status: match summary.finish {
                FinishReason::Cancelled => MessageStatus::Stopped,
                FinishReason::MaxTokens => MessageStatus::CutByLimit,
                FinishReason::ContextFull => MessageStatus::CutByContext,
                FinishReason::EndOfTurn | FinishReason::Stop(_) | FinishReason::Other(_) => {
                    MessageStatus::Complete
                }
            },
            text,
            stats: stats(&summary),
            error: None,
            finish: Some(format!("{:?}", summary.finish)),
        },
        Err(error) => {
            tracing::warn!(code = ?error.code, "an answer failed");
            let status = if text.is_empty() {
                MessageStatus::Failed
            } else {
                MessageStatus::Interrupted
            };
            Ending {
                status,
                text,
                stats: None,
                error: Some(to_answer_error(error)),
                finish: None,
            }
        }
    }
}

async fn save_ending(
    app: &App,
    answer: MessageId,
    ending: Ending,
) -> Result<FinishedAnswer, UiError> {
    app.store(move |store| {
        let end = AnswerEnd {
            status: ending.status,
            text: &ending.text,
            stats: ending.stats,
            error: ending.error,
            finish: ending.finish.as_deref(),
        };
        store.finish_answer(answer, &end, now_ms())
    })
    .await
}

fn stats(summary: &GenerationSummary) -> Option<AnswerStats> {
    let usage = summary.usage;
    (usage.prompt_tokens > 0).then(|| AnswerStats {
        prompt_tokens: usage.prompt_tokens,
        cached_tokens: usage.cached_tokens,
        answer_tokens: usage.answer_tokens,
        reading_ms: summary.reading.as_millis() as u32,
        tokens_per_second: rate(usage.answer_tokens, summary.generating),
        context_used: usage.prompt_tokens + usage.answer_tokens,
        context_size: summary.context_size.unwrap_or(0),
    })
}

fn to_answer_error(error: UiError) -> AnswerError {
    let code = serde_json::to_value(error.code).ok();
    AnswerError {
        code: code
            .and_then(|code| code.as_str().map(str::to_owned))
            .unwrap_or_default(),
        message: error.message,
        hint: error.hint,
    }
}

/// Reads about 500 tokens, writes 64, and tells the speeds.
pub(crate) async fn collect_speed(
    model: &LocalModel,
    model_name: String,
) -> Result<ModelSpeed, UiError> {
    model.unload().await;
    let loaded = model.load().await?;
    let words = "The old mill turns slowly beside the stone bridge while travellers tell stories. ";
    let text = words.repeat((loaded.context_size as usize / 32).min(33));
    let message = ChatMessage::new(Role::User, text);
    let request = ChatRequest {
        max_tokens: Some(64),
        ..ChatRequest::new(
            vec![message],
            Sampling {
                temperature: 1.0,
                top_p: 0.95,
                min_p: 0.05,
                seed: Some(1),
            },
        )
    };
    let mut generation = model.generate(request, CancellationToken::new()).await?;
    while let Some(event) = generation.next().await {
        if let GenerationEvent::Finished(summary) = event? {
            let reading = summary.reading.as_secs_f32().max(1e-6);
            return Ok(ModelSpeed {
                model_name,
                threads: model.options().threads,
                reading_tokens_per_second: summary.usage.prompt_tokens as f32 / reading,
                writing_tokens_per_second: rate(summary.usage.answer_tokens, summary.generating),
                load_ms: loaded.load_ms,
                peak_memory_mb: peak_memory_mb(model.process_id().await),
            });
        }
    }
    Err(LlmError::WorkerDied {
        how: "its answer broke off".into(),
    }
    .into())
}

/// The worker's greatest resident size, from the kernel; 0 where it is not told.
fn peak_memory_mb(process: Option<u32>) -> u32 {
    let status = process.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/status")).ok());
    status
        .and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse::<u32>().ok()
        })
        .map_or(0, |kilobytes| kilobytes >> 10)
}
