//! Rows of a dataset, as an import brings them.

use crate::texts::{Random, Vocabulary};
use opzest_core::artifact::Artifact;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::conversation::{ModelName, Scope};
use opzest_core::dataset::ExampleSide;
use opzest_core::ids::{ExampleId, UseCaseId};
use opzest_core::session::Reason;
use opzest_store::NewExample;

/// What the worker of a workflow is always told.
pub const SYSTEM: &str = "You are the worker. Think first, then write the whole artifact between the \
    markers. Write nothing after the closing marker.";

pub fn model(number: u64) -> ModelName {
    ModelName {
        id: format!("model-{number}").parse().expect("a slug"),
        name: format!("Model {number}"),
    }
}

/// A raw answer, and the artifact in it.
pub fn answer(words: &Vocabulary, random: &mut Random) -> (String, String, Artifact) {
    let reasoning = words.sized(random, 200, 1_500);
    let file = words.sized(random, 300, 4_000);
    let raw = format!("{reasoning}\n<<<main.py\n{file}\n>>>\n");
    let name = "main.py".parse().expect("a file name");
    (raw, reasoning, Artifact::one(name, file))
}

pub fn prompt(words: &Vocabulary, random: &mut Random) -> Vec<ChatMessage> {
    let instruction = words.sized(random, 150, 800);
    let artifact = words.sized(random, 0, 3_000);
    let asked = format!("{instruction}\nThe artifact is now:\n{artifact}");
    vec![
        ChatMessage::new(Role::System, SYSTEM),
        ChatMessage::new(Role::User, asked),
    ]
}

fn side(words: &Vocabulary, random: &mut Random) -> ExampleSide {
    let (text, reasoning, artifact) = answer(words, random);
    ExampleSide {
        text,
        reasoning,
        artifact: Some(artifact),
        words: words.sized(random, 10, 300),
        attempt: None,
        generation: None,
        model: Some(model(random.below(8))),
        prompt_version: 1,
        cycle: 1,
        edited: false,
        has_trace: false,
    }
}

pub fn row(
    number: u64,
    use_cases: &[UseCaseId],
    words: &Vocabulary,
    random: &mut Random,
) -> NewExample {
    // One row in five has nothing rejected.
    let rejected = (random.below(5) > 0).then(|| side(words, random));
    let reason = Reason::ALL[random.below(4) as usize];
    NewExample {
        id: ExampleId::new(
            number,
            random.next().to_le_bytes().repeat(2)[..10]
                .try_into()
                .expect("10 bytes"),
        ),
        use_case: use_cases[random.below(use_cases.len() as u64) as usize],
        scope: Scope::ALL[usize::from(random.below(10) == 0)],
        workflow: Some(
            ["document", "script", "page", "data"][random.below(4) as usize]
                .parse()
                .expect("an id"),
        ),
        // Two or three rows a session.
        group: Some(format!("session {}", number / 5 * 2)),
        split: None,
        reason: rejected.as_ref().map(|_| reason),
        by_hand: random.below(20) == 0,
        overruled: false,
        prompt: prompt(words, random),
        chosen: side(words, random),
        rejected,
    }
}
