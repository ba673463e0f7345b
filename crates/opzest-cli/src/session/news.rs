//! What of a session has not been on the screen yet: nothing is printed twice.

use crate::plain::line;
use crate::screen::STRONG;
use crate::session::show;
use opzest_app::dto::{CycleEnd, CycleView, FileText, Need, SessionView, StepView};
use std::io::{self, Write};

/// What the screen shows of a session.
#[derive(Default)]
pub struct Seen {
    steps: Vec<StepView>,
    /// The step whose name was printed last.
    heading: String,
    /// The plan that was asked about last.
    plan: Vec<String>,
    /// The accepted files then; `None` before anything was printed.
    files: Option<Vec<FileText>>,
}

/// Which parts of a cycle are to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub instruction: bool,
    pub attempt: bool,
    pub words: bool,
    pub end: bool,
}

impl Parts {
    pub const ALL: Self = Self {
        instruction: true,
        attempt: true,
        words: true,
        end: true,
    };

    /// What has come to a cycle since it was printed. One that an undo has opened again is to be judged
    /// anew, and stands far above.
    fn new_in(now: &CycleView, before: Option<&CycleView>) -> Self {
        let Some(before) = before.filter(|before| before.end.is_none() || now.end.is_some()) else {
            return Self::ALL;
        };
        let words = |cycle: &CycleView| {
            cycle
                .feedback
                .as_ref()
                .map(|feedback| feedback.words.clone())
        };
        Self {
            instruction: (&now.instruction, &now.switch) != (&before.instruction, &before.switch),
            attempt: now.attempt != before.attempt,
            words: words(now) != words(before),
            end: now.end != before.end,
        }
    }

    fn any(self) -> bool {
        self.instruction || self.attempt || self.words || self.end
    }
}

impl Seen {
    /// Prints what has come since the last time.
    pub fn print_new(&mut self, session: &SessionView) -> io::Result<()> {
        let plan: Vec<_> = session.steps.iter().map(|step| step.text.clone()).collect();
        if session.need == Need::ApprovePlan && self.plan != plan {
            show::plan(session)?;
            self.plan = plan;
        }
        let before = std::mem::take(&mut self.steps);
        for step in &session.steps {
            let seen = before.iter().find(|seen| seen.id == step.id);
            let seen = seen.map_or(&[][..], |seen| &seen.cycles);
            self.print_step(step, seen, session)?;
        }
        self.steps.clone_from(&session.steps);
        self.files = Some(session.files.clone());
        Ok(())
    }

    fn print_step(
        &mut self,
        step: &StepView,
        seen: &[CycleView],
        session: &SessionView,
    ) -> io::Result<()> {
        for (index, cycle) in step.cycles.iter().enumerate() {
            let parts = Parts::new_in(cycle, seen.get(index));
            if !parts.any() {
                continue;
            }
            if self.heading != step.id {
                self.heading.clone_from(&step.id);
                let name = line(&step.text);
                writeln!(anstream::stdout(), "\n{STRONG}{name}{STRONG:#}")?;
            }
            show::cycle(cycle, parts)?;
            if let Some((old, new)) = self.change(cycle, parts, &session.files) {
                show::difference(old, new)?;
            }
        }
        Ok(())
    }

    /// What a cycle has just brought, as old and new files: an attempt that waits against what is accepted,
    /// and the user's own version against what it stands in for.
    fn change<'a>(
        &'a self,
        cycle: &'a CycleView,
        parts: Parts,
        accepted: &'a [FileText],
    ) -> Option<(&'a [FileText], &'a [FileText])> {
        let attempt = cycle.attempt.as_ref().map(|attempt| &attempt.files[..]);
        match &cycle.end {
            None if parts.attempt => Some((accepted, attempt?)),
            Some(CycleEnd::HandEdited { files, .. }) if parts.end => {
                let before = self.files.as_deref()?;
                let old = attempt.unwrap_or(before);
                (old != files).then_some((old, files))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opzest_app::dto::{AttemptView, FeedbackView, InstructionView, Verdict, WhoWorked};

    const NOTHING: Parts = Parts {
        instruction: false,
        attempt: false,
        words: false,
        end: false,
    };

    fn by() -> WhoWorked {
        WhoWorked {
            model_id: "small".into(),
            model_name: "Small".into(),
            remote: false,
            seconds: 1.0,
            tokens: 2,
        }
    }

    fn cycle(words: Option<&str>, verdict: Option<Verdict>) -> CycleView {
        CycleView {
            instruction: Some(InstructionView {
                text: "Write it.".into(),
                reasoning: String::new(),
                by: by(),
                left_out: Vec::new(),
            }),
            attempt: None,
            feedback: words.map(|words| FeedbackView {
                words: words.into(),
                analysis: None,
            }),
            end: verdict.map(|verdict| CycleEnd::Judged {
                verdict,
                by_user: true,
            }),
            switch: None,
        }
    }

    #[test]
    fn a_judged_cycle_adds_only_its_words_and_its_end() {
        let shown = cycle(None, None);
        let judged = cycle(Some("no"), Some(Verdict::Redo));
        assert_eq!(Parts::new_in(&shown, None), Parts::ALL);
        assert_eq!(Parts::new_in(&shown, Some(&shown)), NOTHING);
        let ending = Parts {
            words: true,
            end: true,
            ..NOTHING
        };
        assert_eq!(Parts::new_in(&judged, Some(&shown)), ending);
        // Asked what the words mean, and another verdict later.
        let unsure = cycle(Some("no"), None);
        let end = Parts {
            end: true,
            ..NOTHING
        };
        assert_eq!(Parts::new_in(&judged, Some(&unsure)), end);
        let other = cycle(Some("no"), Some(Verdict::Accepted));
        assert_eq!(Parts::new_in(&other, Some(&judged)), end);
    }

    fn files(text: &str) -> Vec<FileText> {
        vec![FileText {
            name: "document.md".into(),
            text: text.into(),
        }]
    }

    fn attempt(text: &str) -> AttemptView {
        AttemptView {
            id: "attempt".into(),
            number: 1,
            by: by(),
            reasoning: String::new(),
            raw: String::new(),
            files: files(text),
            left_out: Vec::new(),
            check: None,
        }
    }

    #[test]
    fn a_change_goes_from_the_old_text_to_the_new_one() {
        let seen = Seen {
            files: Some(files("accepted")),
            ..Seen::default()
        };
        let change = |cycle: &CycleView, accepted: &str| {
            let accepted = files(accepted);
            let change = seen.change(cycle, Parts::ALL, &accepted);
            change.map(|(old, new)| (old[0].text.clone(), new[0].text.clone()))
        };
        let pair = |old: &str, new: &str| Some((old.to_owned(), new.to_owned()));
        let by_hand = |text: &str| {
            Some(CycleEnd::HandEdited {
                attempt_id: "own".into(),
                files: files(text),
                words: String::new(),
            })
        };

        let mut cycle = cycle(None, None);
        cycle.attempt = Some(attempt("theirs"));
        assert_eq!(change(&cycle, "accepted"), pair("accepted", "theirs"));
        // The own version is what is accepted by now.
        cycle.end = by_hand("mine");
        assert_eq!(change(&cycle, "mine"), pair("theirs", "mine"));
        cycle.end = by_hand("theirs");
        assert_eq!(change(&cycle, "theirs"), None);
        cycle.attempt = None;
        cycle.end = by_hand("mine");
        assert_eq!(change(&cycle, "mine"), pair("accepted", "mine"));
        cycle.attempt = Some(attempt("theirs"));
        cycle.end = Some(CycleEnd::Overruled);
        assert_eq!(change(&cycle, "theirs"), None);
    }

    #[test]
    fn a_cycle_that_was_opened_again_is_printed_whole() {
        let judged = cycle(Some("no"), Some(Verdict::Redo));
        assert_eq!(Parts::new_in(&cycle(None, None), Some(&judged)), Parts::ALL);
    }
}
