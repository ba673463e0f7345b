//! The user's own text in the place of one side's.

use crate::agents::{FormProblem, read_answer};
use crate::workflows::Workflows;
use opzest_core::artifact::{Artifact, FileName};
use opzest_core::dataset::ExampleSide;
use opzest_core::workflow::{ProductForm, WorkflowId};

/// What can be read in an edited text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Read {
    pub(super) reasoning: String,
    /// `None`: there is no file in it, or its workflow is not there to read it by.
    pub(super) artifact: Option<Artifact>,
}

pub(super) fn read(
    text: &str,
    before: &ExampleSide,
    workflow: Option<&WorkflowId>,
    workflows: &Workflows,
) -> Read {
    let Some(workflow) = workflow.and_then(|id| workflows.get(id)) else {
        return Read::default();
    };
    match answer(text, before, &workflow.product) {
        Ok((reasoning, artifact)) => Read {
            reasoning,
            artifact: Some(artifact),
        },
        Err(problem) => {
            tracing::debug!(%problem, "an edited text has no artifact");
            Read::default()
        }
    }
}

fn answer(
    text: &str,
    before: &ExampleSide,
    form: &ProductForm,
) -> Result<(String, Artifact), FormProblem> {
    let stayed = stayed(before, form);
    let read = read_answer(text, form, &stayed)?;
    Ok((read.reasoning, read.artifact))
}

/// The files that the old text left as they were: the new text may leave them, too.
fn stayed(before: &ExampleSide, form: &ProductForm) -> Artifact {
    let written = read_answer(&before.text, form, &Artifact::EMPTY).map(|read| read.artifact);
    let written = written.unwrap_or_default();
    let is_written = |name: &FileName| written.files().iter().any(|file| file.name == *name);
    let files = before.artifact.iter().flat_map(|artifact| artifact.files());
    let stayed = files.filter(|file| !is_written(&file.name));
    stayed.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::render_raw;

    fn side(text: &str, artifact: Artifact) -> ExampleSide {
        ExampleSide {
            text: text.to_owned(),
            reasoning: String::new(),
            artifact: Some(artifact),
            words: String::new(),
            attempt: None,
            generation: None,
            model: None,
            prompt_version: 0,
            cycle: 0,
            edited: false,
            has_trace: false,
        }
    }

    fn one(name: &str, text: &str) -> Artifact {
        Artifact::one(name.parse().expect("a name"), text)
    }

    #[test]
    fn files_that_were_not_written_stay() {
        let script = "script".parse().expect("an id");
        let workflows = Workflows::bundled();
        let main = workflows
            .get(&script)
            .expect("bundled")
            .product
            .file
            .clone();
        let old = Artifact::one(main.clone(), "print(1)\n");
        let mut both = old.clone();
        both.put("notes.txt".parse().expect("a name"), "kept\n");
        let before = side(&render_raw(&old), both);

        let new = render_raw(&Artifact::one(main.clone(), "print(2)\n"));
        let text = format!("Two is better.\n\n{new}");
        let found = read(&text, &before, Some(&script), &workflows);
        assert_eq!(found.reasoning, "Two is better.");
        let artifact = found.artifact.expect("there is one");
        let text = |name: &str| {
            let file = artifact
                .files()
                .iter()
                .find(|file| file.name.as_str() == name);
            file.expect("there").text.clone()
        };
        assert_eq!(text(main.as_str()), "print(2)\n");
        assert_eq!(text("notes.txt"), "kept\n");
    }

    #[test]
    fn what_cannot_be_read_has_no_artifact() {
        let workflows = Workflows::bundled();
        let before = side("x", one("a.py", "1"));
        let script = "script".parse().expect("an id");
        let unknown = "nowhere".parse().expect("an id");
        for (text, id) in [
            ("I cannot do that.", Some(&script)),
            ("```python\nprint(1)\n```", Some(&unknown)),
            ("```python\nprint(1)\n```", None),
        ] {
            assert_eq!(
                read(text, &before, id, &workflows),
                Read::default(),
                "{text}"
            );
        }
    }
}
