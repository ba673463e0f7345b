//! What the preparation reads: rows as they are kept, and the tokenizer of the model that is to learn.

use opzest_core::chat::ChatMessage;
use opzest_core::dataset::Split;
use opzest_core::trace::TokenRecord;

/// A row that has something chosen. Pending rows never come here.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What reports call it.
    pub id: String,
    /// Rows of one group have one split and are resampled together: the session, or what an import calls a group.
    pub group: String,
    pub split: Split,
    pub prompt: Vec<ChatMessage>,
    /// Both sides in the form that training wants: if one has no reasoning, neither has.
    pub chosen: Written,
    pub rejected: Option<Written>,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Everything that was written, without the end of turn.
    pub text: String,
    /// The trace of exactly this text. Of a rejected answer only the written tokens are used.
    pub trace: Option<Trace>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// What names the tokens of the model that wrote it; `None`: not known.
    pub tokenizer: Option<String>,
    /// One for each token, or why it cannot be read.
    pub records: Result<Vec<TokenRecord>, String>,
}

/// Why the tokenizer failed; its own words.
pub type TokenizeError = Box<dyn std::error::Error + Send + Sync>;

/// The student's tokenizer and chat template, in the code path that serves the model.
pub trait Tokenize {
    /// What names its tokens, as in [`Trace::tokenizer`].
    fn identity(&self) -> &str;

    /// A prompt with what the template puts before the answer.
    fn render(&self, messages: &[ChatMessage]) -> Result<Vec<u32>, TokenizeError>;

    /// An answer's text; special tokens in it are ordinary text.
    fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizeError>;

    /// The token that ends an answer in the model's chat template.
    fn end_of_turn(&self) -> u32;

    /// How many tokens there are.
    fn vocabulary(&self) -> u32;

    /// Special tokens give their own text. `None`: there is no such token.
    fn token_bytes(&self, id: u32) -> Option<&[u8]>;
}
