//! The two answers of a row as training reads them: in the same form, so that the preference between them is never
//! one for reasoning or against it.
//!
//! Both are the workers' raw outputs. But where a person wrote or changed one side and it has no reasoning, the other
//! side's is left out, too. Two models that differ in this have been judged as they are.

use super::reading::without_reasoning;
use opzest_core::dataset::ExampleSide;
use opzest_core::workflow::ArtifactKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingText<'a> {
    pub text: &'a str,
    /// It is all that was written: otherwise the trace is of another text and cannot be used.
    pub whole: bool,
}

impl<'a> TrainingText<'a> {
    fn whole(side: &'a ExampleSide) -> Self {
        Self {
            text: &side.text,
            whole: true,
        }
    }

    fn without_reasoning(side: &'a ExampleSide, kind: ArtifactKind) -> Self {
        let text = without_reasoning(&side.text, kind);
        Self {
            text,
            whole: text.len() == side.text.len(),
        }
    }
}

/// Chosen and rejected for training.
pub fn training_texts<'a>(
    chosen: &'a ExampleSide,
    rejected: Option<&'a ExampleSide>,
    kind: ArtifactKind,
) -> (TrainingText<'a>, Option<TrainingText<'a>>) {
    let Some(rejected) = rejected else {
        return (TrainingText::whole(chosen), None);
    };
    match is_bare(chosen) || is_bare(rejected) {
        true => (
            TrainingText::without_reasoning(chosen, kind),
            Some(TrainingText::without_reasoning(rejected, kind)),
        ),
        false => (
            TrainingText::whole(chosen),
            Some(TrainingText::whole(rejected)),
        ),
    }
}

/// A person's text without reasoning.
fn is_bare(side: &ExampleSide) -> bool {
    let by_person = side.edited || side.generation.is_none();
    by_person && side.reasoning.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opzest_core::ids::GenerationId;

    const FILE: &str = "<<<FILE a.py>>>\n```python\nx = 1\n```\n<<<END>>>\n";

    fn by_model(text: &str, reasoning: &str) -> ExampleSide {
        ExampleSide {
            generation: Some(GenerationId::new(0, [0; 10])),
            reasoning: reasoning.to_owned(),
            ..by_hand(text)
        }
    }

    fn by_hand(text: &str) -> ExampleSide {
        ExampleSide {
            text: text.to_owned(),
            reasoning: String::new(),
            artifact: None,
            words: String::new(),
            attempt: None,
            generation: None,
            model: None,
            prompt_version: 0,
            cycle: 1,
            edited: false,
            has_trace: false,
        }
    }

    fn texts(chosen: &ExampleSide, rejected: &ExampleSide) -> [(String, bool); 2] {
        let (chosen, rejected) = training_texts(chosen, Some(rejected), ArtifactKind::Python);
        let rejected = rejected.expect("a rejected text");
        [chosen, rejected].map(|side| (side.text.to_owned(), side.whole))
    }

    #[test]
    fn outputs_of_models_stay_as_they_are() {
        let reasoned = by_model(&format!("I add x.\n{FILE}"), "I add x.");
        let silent = by_model(FILE, "");
        let expected = [(reasoned.text.clone(), true), (FILE.to_owned(), true)];
        assert_eq!(texts(&reasoned, &silent), expected);
        let (chosen, rejected) = training_texts(&reasoned, None, ArtifactKind::Python);
        assert_eq!(
            (chosen.text, chosen.whole, rejected),
            (reasoned.text.as_str(), true, None)
        );
    }

    #[test]
    fn a_hand_edit_without_reasoning_leaves_out_the_models() {
        for written in [
            format!("I add x.\n{FILE}"),
            format!("<think>\nWhat now?\n<<<FILE no>>>\n</think>\nI add x.\n\n{FILE}"),
        ] {
            let model = by_model(&written, "I add x.");
            let bare = [(FILE.to_owned(), true), (FILE.to_owned(), false)];
            assert_eq!(texts(&by_hand(FILE), &model), bare);
            let edited = ExampleSide {
                edited: true,
                ..by_model(FILE, "")
            };
            let [chosen, rejected] = texts(&model, &edited);
            assert_eq!(
                (chosen, rejected),
                ((FILE.to_owned(), false), (FILE.to_owned(), true))
            );
        }
    }

    #[test]
    fn a_hand_edit_with_reasoning_leaves_everything() {
        let model = by_model(&format!("I add x.\n{FILE}"), "I add x.");
        let edited = ExampleSide {
            edited: true,
            ..by_model(&format!("Better: y.\n{FILE}"), "Better: y.")
        };
        let expected = [(edited.text.clone(), true), (model.text.clone(), true)];
        assert_eq!(texts(&edited, &model), expected);
    }

    #[test]
    fn answers_without_markers_and_without_files() {
        let fenced = by_model("I add x.\n```python\nx = 1\n```\n", "I add x.");
        let [_, (text, whole)] = texts(&by_hand(FILE), &fenced);
        assert_eq!((text.as_str(), whole), ("```python\nx = 1\n```\n", false));
        let nothing = by_model("<think>Hm.</think>\nI cannot.", "");
        let [_, (text, whole)] = texts(&by_hand(FILE), &nothing);
        assert_eq!((text.as_str(), whole), ("I cannot.", false));
    }
}
