//! The worker's loop: several requests at once on one context.
//!
//! Each turn of the loop reads one block of one waiting prompt, then gives every answering sequence
//! one token. Sequences with the same adapters share a decode, except canonical ones
//! ([`super::slot::CANONICAL_BLOCK`]), which are decoded alone.

use super::Output;
use super::cancellations::Cancellations;
use super::model::{BATCH, Model};
use super::raw::{self, Adapter};
use super::slot::{AdapterFile, Answer, Cache, Job, JobKind, ScaledAdapter, Slot, Work};
use crate::error::LlmError;
use crate::local::protocol::{FromWorker, JobId, ToTokenise, ToWorker};
use crate::model::{AdapterUse, FinishReason, GenerationEvent, GenerationSummary};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::time::Instant;

pub struct Engine<'m, 'o> {
    adapters: HashMap<AdapterFile, Adapter>,
    /// What acts on the context now.
    active: Vec<ScaledAdapter>,
    context: LlamaContext<'m>,
    model: &'m Model,
    context_size: u32,
    slots: Vec<Slot>,
    waiting: VecDeque<Job>,
    turn: u64,
    batch: LlamaBatch<'static>,
    inbox: mpsc::Receiver<ToWorker>,
    cancellations: Arc<Cancellations>,
    output: &'o mut Output,
}

impl<'m, 'o> Engine<'m, 'o> {
    pub fn new(
        model: &'m Model,
        context: LlamaContext<'m>,
        sequences: u32,
        inbox: mpsc::Receiver<ToWorker>,
        cancellations: Arc<Cancellations>,
        output: &'o mut Output,
    ) -> Self {
        let slot = |sequence| Slot {
            sequence,
            cache: Cache::default(),
            last_used: 0,
            work: None,
        };
        Self {
            adapters: HashMap::new(),
            active: Vec::new(),
            context_size: raw::sequence_size(&context),
            context,
            model,
            slots: (0..sequences as i32).map(slot).collect(),
            waiting: VecDeque::new(),
            turn: 0,
            batch: LlamaBatch::new(BATCH as usize, 1),
            inbox,
            cancellations,
            output,
        }
    }

    /// Serves until the requests' channel closes.
    pub fn run(&mut self) {
        loop {
            let idle = self.waiting.is_empty() && self.slots.iter().all(|slot| slot.work.is_none());
            if idle {
                match self.inbox.recv() {
                    Ok(request) => self.take(request),
                    Err(_) => return,
                }
            }
            loop {
                match self.inbox.try_recv() {
                    Ok(request) => self.take(request),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            self.turn += 1;
            self.end_cancelled();
            self.start_waiting();
            self.read();
            self.write();
            self.output.flush();
        }
    }

    fn take(&mut self, request: ToWorker) {
        let (id, kind) = match request {
            ToWorker::Generate { job, request } => (job, JobKind::Generate(Box::new(request))),
            ToWorker::Score { job, request } => (job, JobKind::Score(Box::new(request))),
            ToWorker::Tokenise { job, what } => return self.tokenise(job, &what),
            ToWorker::ReadVocabulary { job } => return self.read_vocabulary(job),
            // Already noted by the thread that read it; here it only wakes the loop.
            ToWorker::Cancel { .. } => return,
        };
        self.waiting.push_back(Job {
            id,
            kind,
            received: Instant::now(),
        });
    }

    fn read_vocabulary(&mut self, job: JobId) {
        let reply = match self.model.vocabulary() {
            Ok(vocabulary) => FromWorker::Vocabulary { job, vocabulary },
            Err(error) => FromWorker::JobFailed { job, error },
        };
        self.output.send(&reply);
    }

    fn tokenise(&mut self, job: JobId, what: &ToTokenise) {
        let tokens = match what {
            ToTokenise::Prompt(messages) => self.model.prompt(messages),
            ToTokenise::Answer(text) => Ok(self.model.answer(text)),
        };
        let reply = match tokens {
            Ok(tokens) => {
                let tokens = tokens.into_iter().map(|token| token.0 as u32).collect();
                FromWorker::Tokens { job, tokens }
            }
            Err(error) => FromWorker::JobFailed { job, error },
        };
        self.output.send(&reply);
    }

    fn end_cancelled(&mut self) {
        let (cancelled, waiting) = self
            .waiting
            .drain(..)
            .partition::<Vec<_>, _>(|job| self.cancellations.is_cancelled(job.id));
        self.waiting = waiting.into();
        for job in cancelled {
            self.fail(job.id, LlmError::Cancelled);
        }
        for index in 0..self.slots.len() {
            let job = self.slots[index].work.as_ref().map(|work| work.job);
            if job.is_some_and(|job| self.cancellations.is_cancelled(job)) {
                self.finish(index, FinishReason::Cancelled);
            }
        }
    }

    /// Gives waiting requests to free slots, in order of arrival.
    fn start_waiting(&mut self) {
        while self.slots.iter().any(|slot| slot.work.is_none()) {
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            let id = job.id;
            let prepared = self.load_adapters(job.adapters()).and_then(|adapters| {
                Ok((Work::prepare(job, self.model, self.context_size)?, adapters))
            });
            match prepared {
                Ok((work, adapters)) => self.start(work, adapters),
                Err(error) => self.fail(id, error),
            }
        }
    }

    /// Puts a request into the free slot whose cache serves it best.
    fn start(&mut self, mut work: Work, adapters: Vec<ScaledAdapter>) {
        let prompt = &work.prompt;
        let reusable = |slot: &Slot| slot.cache.reusable(prompt, &adapters, work.canonical);
        // A cache is worth taking over if most of it, or most of the prompt, is reused; otherwise the
        // longest unused slot is, so that a short greeting does not evict a long conversation.
        let score = |slot: &Slot| {
            let reused = reusable(slot);
            let good = reused * 2 >= slot.cache.tokens.len().min(prompt.len()) && reused > 0;
            (
                if good { reused } else { 0 },
                std::cmp::Reverse(slot.last_used),
            )
        };
        let index = (0..self.slots.len())
            .filter(|&index| self.slots[index].work.is_none())
            .max_by_key(|&index| score(&self.slots[index]))
            .expect("the caller saw a free slot");
        let kept = reusable(&self.slots[index]);
        work.usage.cached_tokens = kept as u32;
        let slot = &mut self.slots[index];
        slot.last_used = self.turn;
        slot.cache.truncate(kept);
        slot.cache.adapters = adapters;
        slot.work = Some(work);
        self.trim(index);
        self.report_reading(index);
    }

    /// Makes llama.cpp's cache hold exactly what the slot says it holds.
    fn trim(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let kept = slot.cache.tokens.len() as u32;
        if self
            .context
            .kv_cache_seq_rm(slot.sequence, Some(kept), None)
            .is_err()
        {
            // Recurrent models cannot forget a part.
            slot.cache.truncate(0);
            if let Err(error) = self.context.kv_cache_seq_rm(slot.sequence, None, None) {
                tracing::warn!(%error, "a sequence's cache could not be cleared");
            }
        }
    }

    /// Reads one block of the prompt that waits longest.
    fn read(&mut self) {
        let waits_since = |index: &usize| match &self.slots[*index].work {
            Some(work) if work.pending.is_none() => Some(work.received),
            _ => None,
        };
        let next = (0..self.slots.len())
            .filter_map(|index| waits_since(&index).map(|since| (since, index)))
            .min();
        if let Some((_, index)) = next
            && let Err(error) = self.read_block(index)
        {
            self.abandon(index, error);
        }
    }

    fn read_block(&mut self, index: usize) -> Result<(), LlmError> {
        let adapters = self.slots[index].cache.adapters.clone();
        self.activate(&adapters)?;
        let slot = &self.slots[index];
        let Some(work) = &slot.work else {
            return Ok(());
        };
        let start = slot.cache.tokens.len();
        let end = work.block_end(start, BATCH as usize);
        let block = work.prompt[start..end].to_vec();
        let last = end == work.prompt.len();
        self.batch.clear();
        for (position, token) in (start..end).zip(&block) {
            let logits = last && position + 1 == end;
            self.batch
                .add(*token, position as i32, &[slot.sequence], logits)
                .map_err(inference)?;
        }
        self.cancellations.begin_reading();
        let decoded = self.context.decode(&mut self.batch);
        let aborted = self.cancellations.end_reading();
        if let Err(error) = decoded {
            self.trim(index);
            return if aborted {
                Ok(())
            } else {
                Err(inference(error))
            };
        }
        self.slots[index].cache.append_prompt(&block);
        self.report_reading(index);
        if last {
            self.take_token(index, block.len() as i32 - 1)
        } else {
            Ok(())
        }
    }

    /// Gives each answering sequence one more token.
    fn write(&mut self) {
        let mut groups: Vec<(Vec<ScaledAdapter>, bool, Vec<usize>)> = Vec::new();
        for (index, slot) in self.slots.iter().enumerate() {
            let Some(Work {
                pending: Some(_),
                canonical,
                ..
            }) = slot.work
            else {
                continue;
            };
            let same = groups.iter_mut().find(|(adapters, alone, _)| {
                !canonical && !*alone && *adapters == slot.cache.adapters
            });
            match same {
                Some((_, _, members)) => members.push(index),
                None => groups.push((slot.cache.adapters.clone(), canonical, vec![index])),
            }
        }
        for (adapters, _, members) in groups {
            if let Err(error) = self.write_group(&adapters, &members) {
                for index in members {
                    self.abandon(index, error.clone());
                }
            }
        }
    }

    fn write_group(
        &mut self,
        adapters: &[ScaledAdapter],
        members: &[usize],
    ) -> Result<(), LlmError> {
        self.activate(adapters)?;
        self.batch.clear();
        for &index in members {
            let Slot {
                cache,
                sequence,
                work,
                ..
            } = &self.slots[index];
            let Some(token) = work.as_ref().and_then(|work| work.pending) else {
                continue;
            };
            self.batch
                .add(token, cache.tokens.len() as i32, &[*sequence], true)
                .map_err(inference)?;
        }
        self.context.decode(&mut self.batch).map_err(inference)?;
        // Every row is read before the next decode overwrites the logits.
        for (row, &index) in (0..).zip(members) {
            let Slot { cache, work, .. } = &mut self.slots[index];
            cache
                .tokens
                .extend(work.as_ref().and_then(|work| work.pending));
            if let Err(error) = self.take_token(index, row) {
                self.abandon(index, error);
            }
        }
        Ok(())
    }

    /// Takes an answer's next token at a row of logits, and sees whether the answer ends.
    fn take_token(&mut self, index: usize, row: i32) -> Result<(), LlmError> {
        let Slot {
            work: Some(work),
            cache,
            ..
        } = &mut self.slots[index]
        else {
            return Ok(());
        };
        let logits = self.context.get_logits_ith(row);
        work.first_token.get_or_insert_with(Instant::now);
        let finish = match &mut work.answer {
            Answer::Given {
                tokens,
                top_k,
                traces,
            } => {
                let token = tokens.get(traces.len()).copied();
                if let Some(token) = token {
                    traces.push(self.model.trace(logits, token, *top_k));
                }
                work.pending = token;
                (traces.len() == tokens.len()).then_some(FinishReason::EndOfTurn)
            }
            Answer::Written(answer) => {
                let token = answer.sampler.choose(logits)?;
                let trace = answer
                    .trace_top_k
                    .map(|k| self.model.trace(logits, token, k));
                work.pending = Some(token);
                work.usage.answer_tokens += 1;
                let vocab = self.model.llama.vocab();
                let ends_turn = vocab.is_eog(token);
                let text = if ends_turn {
                    String::new()
                } else {
                    answer.text.push(&vocab.token_to_piece(token, false, None))
                };
                let event = GenerationEvent::Token { text, trace };
                self.output.send(&FromWorker::Generation {
                    job: work.job,
                    event,
                });
                if ends_turn {
                    Some(FinishReason::EndOfTurn)
                } else if let Some(stop) = answer.text.stopped() {
                    Some(FinishReason::Stop(stop.to_owned()))
                } else if work.usage.answer_tokens >= answer.max_tokens {
                    Some(FinishReason::MaxTokens)
                } else if cache.tokens.len() + 1 >= self.context_size as usize {
                    Some(FinishReason::ContextFull)
                } else {
                    None
                }
            }
        };
        if let Some(finish) = finish {
            self.finish(index, finish);
        }
        Ok(())
    }

    /// Ends a request in good order; for a cancelled one, too, the text so far is the result.
    fn finish(&mut self, index: usize, finish: FinishReason) {
        let Some(work) = self.slots[index].work.take() else {
            return;
        };
        let job = work.job;
        self.cancellations.close(job);
        match work.answer {
            Answer::Given { .. } if finish == FinishReason::Cancelled => {
                self.output.send(&FromWorker::JobFailed {
                    job,
                    error: LlmError::Cancelled,
                });
            }
            Answer::Given { traces, .. } => self.output.send(&FromWorker::Scored { job, traces }),
            Answer::Written(mut answer) => {
                let text = answer.text.finish();
                if !text.is_empty() {
                    let event = GenerationEvent::Token { text, trace: None };
                    self.output.send(&FromWorker::Generation { job, event });
                }
                let now = Instant::now();
                let first = work.first_token.unwrap_or(now);
                let event = GenerationEvent::Finished(GenerationSummary {
                    finish,
                    usage: work.usage,
                    reading: first - work.received,
                    generating: now - first,
                    context_size: Some(self.context_size),
                    trace_problem: None,
                });
                self.output.send(&FromWorker::Generation { job, event });
            }
        }
    }

    fn abandon(&mut self, index: usize, error: LlmError) {
        if let Some(work) = self.slots[index].work.take() {
            self.fail(work.job, error);
        }
        self.trim(index);
    }

    fn fail(&mut self, job: JobId, error: LlmError) {
        self.cancellations.close(job);
        self.output.send(&FromWorker::JobFailed { job, error });
    }

    fn report_reading(&mut self, index: usize) {
        let Slot {
            work: Some(work),
            cache,
            ..
        } = &self.slots[index]
        else {
            return;
        };
        if matches!(work.answer, Answer::Given { .. }) {
            return;
        }
        let event = GenerationEvent::Reading {
            read: cache.tokens.len() as u32,
            total: work.usage.prompt_tokens,
            cached: work.usage.cached_tokens,
        };
        self.output.send(&FromWorker::Generation {
            job: work.job,
            event,
        });
        self.output.flush();
    }

    /// Loads what is not loaded yet. A file that changed since is another adapter.
    fn load_adapters(&mut self, wanted: &[AdapterUse]) -> Result<Vec<ScaledAdapter>, LlmError> {
        wanted
            .iter()
            .map(|adapter| {
                let file = AdapterFile::of(&adapter.path);
                if !self.adapters.contains_key(&file) {
                    self.forget_unused_adapters();
                    let loaded = self.model.adapter(&adapter.path)?;
                    self.adapters.insert(file.clone(), loaded);
                }
                Ok(ScaledAdapter {
                    file,
                    scale: adapter.scale,
                })
            })
            .collect()
    }

    /// Frees adapters that nothing holds on to: each training run leaves a new file.
    fn forget_unused_adapters(&mut self) {
        let (active, slots) = (&self.active, &self.slots);
        self.adapters.retain(|file, _| {
            let mut in_use = slots
                .iter()
                .flat_map(|slot| &slot.cache.adapters)
                .chain(active.iter());
            in_use.any(|adapter| adapter.file == *file)
        });
    }

    /// Makes exactly these adapters act on the next decode.
    fn activate(&mut self, wanted: &[ScaledAdapter]) -> Result<(), LlmError> {
        if self.active == wanted {
            return Ok(());
        }
        let loaded: Vec<(&Adapter, f32)> = wanted
            .iter()
            .filter_map(|adapter| Some((self.adapters.get(&adapter.file)?, adapter.scale)))
            .collect();
        if loaded.len() != wanted.len() || !raw::set_adapters(&mut self.context, &loaded) {
            return Err(inference("the adapters could not be switched"));
        }
        self.active = wanted.to_vec();
        Ok(())
    }
}

fn inference(error: impl std::fmt::Display) -> LlmError {
    LlmError::Inference {
        reason: error.to_string(),
    }
}
