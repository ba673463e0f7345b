//! What the app and its worker process say to each other: length-prefixed postcard frames over the
//! worker's standard input and output. No sockets.

use crate::error::LlmError;
use crate::local::info::{LoadedModel, ModelFileInfo, QuantisedType, Vocabulary};
use crate::model::{ChatRequest, GenerationEvent, ScoreRequest};
use opzest_core::chat::ChatMessage;
use opzest_core::trace::TokenTrace;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Both sides are the same binary; this catches a binary that was replaced while the app runs.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/1");

/// The largest frame either side accepts: a 64 MB conversation is a mistake, not a conversation.
pub const MAX_FRAME: usize = 64 << 20;

/// Numbers the requests of one worker.
pub type JobId = u64;

/// How a model is loaded. The defaults for a computer come from [`crate::local::machine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadOptions {
    pub threads: u32,
    /// Tokens that each sequence may hold, prompt and answer together.
    pub context_size: u32,
    /// Conversations kept in memory and generated at once.
    pub sequences: u32,
    /// Map the file into memory instead of reading it.
    pub memory_map: bool,
}

/// The first frame to a worker: what it is for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hello {
    pub version: String,
    pub task: Task,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Task {
    /// Load a model and answer requests until standard input ends.
    Serve {
        model: PathBuf,
        options: LoadOptions,
    },
    /// Read a GGUF file's metadata and check that the file is whole.
    Inspect { file: PathBuf },
    /// Write `source` in another precision to `target`, whole or not at all.
    Quantise {
        source: PathBuf,
        target: PathBuf,
        to: QuantisedType,
        threads: u32,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub enum ToWorker {
    Generate { job: JobId, request: ChatRequest },
    Score { job: JobId, request: ScoreRequest },
    Tokenise { job: JobId, what: ToTokenise },
    ReadVocabulary { job: JobId },
    Cancel { job: JobId },
}

#[derive(Debug, Serialize, Deserialize)]
pub enum ToTokenise {
    /// Messages, with what the template puts before the answer.
    Prompt(Vec<ChatMessage>),
    /// An answer's text; special tokens in it are ordinary text.
    Answer(String),
}

impl ToWorker {
    pub fn job(&self) -> JobId {
        match self {
            Self::Generate { job, .. }
            | Self::Score { job, .. }
            | Self::Tokenise { job, .. }
            | Self::ReadVocabulary { job }
            | Self::Cancel { job } => *job,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub enum FromWorker {
    /// The answer to [`Hello`], before anything else.
    Hello {
        version: String,
    },
    Loaded(LoadedModel),
    Inspected(ModelFileInfo),
    Quantised {
        bytes: u64,
    },
    /// The task itself failed; the worker ends.
    TaskFailed(LlmError),
    Generation {
        job: JobId,
        event: GenerationEvent,
    },
    Scored {
        job: JobId,
        traces: Vec<TokenTrace>,
    },
    Tokens {
        job: JobId,
        tokens: Vec<u32>,
    },
    Vocabulary {
        job: JobId,
        vocabulary: Vocabulary,
    },
    JobFailed {
        job: JobId,
        error: LlmError,
    },
}

/// A frame's content.
pub fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    postcard::to_stdvec(message).map_err(io::Error::other)
}

/// Writes one frame: a little-endian u32 length, then the message.
pub fn write_frame(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = encode(message)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&bytes)
}

/// Reads one frame; `None` at the end of the stream.
pub fn read_frame<T: for<'de> Deserialize<'de>>(input: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    decode(&bytes).map(Some)
}

/// Reads a frame's content.
pub fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_the_way() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, &ToWorker::Cancel { job: 7 }).expect("writes");
        write_frame(&mut pipe, &ToWorker::Cancel { job: u64::MAX }).expect("writes");
        let mut input = pipe.as_slice();
        let mut next = || read_frame::<ToWorker>(&mut input).expect("reads");
        assert!(matches!(next(), Some(ToWorker::Cancel { job: 7 })));
        assert!(matches!(next(), Some(ToWorker::Cancel { job: u64::MAX })));
        assert!(next().is_none());
    }

    #[test]
    fn a_lying_length_is_refused() {
        let error = read_frame::<ToWorker>(&mut [0xff; 8].as_slice()).expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
