//! What the user does to a session.

use crate::ids::AttemptId;
use crate::session::event::HandEdit;
use crate::session::machine::Ignored;
use crate::session::state::{Author, Cycle, CycleEnd, Feedback, Phase, State, StepStatus, Verdict};
use crate::session::teachers::phase_of;
use crate::workflow::Agent;

impl State {
    pub(super) fn plan_approved(&mut self) -> Result<(), Ignored> {
        if self.phase != Phase::PlanReview {
            return Err(Ignored::NotNow);
        }
        if self.setup.is_none() {
            return Err(Ignored::NeedsWorkflow);
        }
        self.begin_step();
        Ok(())
    }

    pub(super) fn feedback_given(&mut self, words: &str) -> Result<(), Ignored> {
        if !matches!(self.phase, Phase::Judging | Phase::Confirming) {
            return Err(Ignored::NotNow);
        }
        if words.trim().is_empty() {
            return Err(Ignored::NoWords);
        }
        let cycle = self.current_cycle_mut().ok_or(Ignored::NotNow)?;
        cycle.feedback = Some(Feedback {
            words: words.to_owned(),
            analysis: None,
        });
        self.phase = Phase::Analysing;
        self.confirm_without_analyst();
        Ok(())
    }

    /// Nobody can say what the words mean: the user does.
    pub(super) fn confirm_without_analyst(&mut self) {
        if self.phase == Phase::Analysing && self.teacher(Agent::Analyst).is_none() {
            self.phase = Phase::Confirming;
        }
    }

    pub(super) fn can_be_judged(&self) -> bool {
        matches!(
            self.phase,
            Phase::Judging | Phase::Analysing | Phase::Confirming
        )
    }

    /// Whether this is the attempt that is shown; `None` is always meant for it.
    pub(super) fn shows(&self, attempt: Option<AttemptId>) -> bool {
        attempt.is_none_or(|id| self.current_attempt().is_some_and(|shown| shown.id == id))
    }

    pub(super) fn verdict_given(
        &mut self,
        verdict: Verdict,
        words: &str,
        attempt: Option<AttemptId>,
    ) -> Result<(), Ignored> {
        if !self.can_be_judged() {
            return Err(Ignored::NotNow);
        }
        if !self.shows(attempt) {
            return Err(Ignored::OtherAttempt);
        }
        let cycle = self.current_cycle_mut().ok_or(Ignored::NotNow)?;
        if !words.is_empty() || cycle.feedback.is_none() {
            cycle.feedback = Some(Feedback {
                words: words.to_owned(),
                analysis: None,
            });
        }
        self.undo_to.push(self.shown_at);
        self.judge(verdict, Author::User)
    }

    pub(super) fn hand_edited(&mut self, edit: &HandEdit, at: usize) -> Result<(), Ignored> {
        match self.phase {
            Phase::Judging | Phase::Analysing | Phase::Confirming => {
                self.undo_to.push(self.shown_at);
            }
            Phase::Instructing | Phase::Working | Phase::PoolExhausted | Phase::Trouble(_)
                if self.current_step().is_some() =>
            {
                self.undo_to.push(at);
            }
            _ => return Err(Ignored::NotNow),
        }
        self.new_attempt(edit.attempt)?;
        let step = self.current_step_mut().ok_or(Ignored::NotNow)?;
        step.asked.get_or_insert_with(|| step.text.clone());
        step.prompt.get_or_insert_with(|| edit.messages.clone());
        // An ended cycle keeps its row: the edit gets a cycle of its own.
        if step.cycles.last().is_none_or(|cycle| cycle.end.is_some()) {
            step.cycles.push(Cycle::default());
        }
        let cycle = step.cycles.last_mut().expect("one was pushed if need be");
        cycle.end = Some(CycleEnd::HandEdited {
            attempt: edit.attempt,
            artifact: edit.artifact.clone(),
            raw: edit.raw.clone(),
            messages: edit.messages.clone(),
            words: edit.words.clone(),
        });
        self.accept(edit.attempt, edit.artifact.clone(), true)
    }

    pub(super) fn check_overruled(&mut self, words: &str, at: usize) -> Result<(), Ignored> {
        if matches!(self.phase, Phase::Stopped { .. }) {
            return Err(Ignored::NotNow);
        }
        let step = self.current_step_mut().ok_or(Ignored::NothingToOverrule)?;
        let last = step
            .cycles
            .iter()
            .rposition(|cycle| cycle.attempt.is_some())
            .ok_or(Ignored::NothingToOverrule)?;
        let cycle = &mut step.cycles[last];
        let attempt = cycle.attempt.as_ref().expect("just found by it");
        let (Some(artifact), Some(CycleEnd::Error { .. })) = (attempt.artifact.clone(), &cycle.end)
        else {
            return Err(Ignored::NothingToOverrule);
        };
        let id = attempt.id;
        cycle.feedback = Some(Feedback {
            words: words.to_owned(),
            analysis: None,
        });
        cycle.end = Some(CycleEnd::Overruled);
        // What was begun to mend it is not needed.
        step.cycles.truncate(last + 1);
        self.undo_to.push(at);
        self.accept(id, artifact, false)
    }

    pub(super) fn step_skipped(&mut self) -> Result<(), Ignored> {
        if matches!(self.phase, Phase::Stopped { .. }) {
            return Err(Ignored::NotNow);
        }
        let step = self.current_step_mut().ok_or(Ignored::NotNow)?;
        step.status = StepStatus::Skipped;
        self.begin_step();
        Ok(())
    }

    pub(super) fn tried_again(&mut self) -> Result<(), Ignored> {
        match &self.phase {
            Phase::PoolExhausted => {
                self.failed_attempts = 0;
                self.begin_cycle();
            }
            Phase::Trouble(trouble) => self.phase = phase_of(trouble.agent),
            _ => return Err(Ignored::NotNow),
        }
        Ok(())
    }

    pub(super) fn paused(&mut self) -> Result<(), Ignored> {
        if self.paused || matches!(self.phase, Phase::Finished | Phase::Stopped { .. }) {
            return Err(Ignored::NotNow);
        }
        self.paused = true;
        Ok(())
    }

    pub(super) fn resumed(&mut self) -> Result<(), Ignored> {
        match &self.phase {
            Phase::Stopped { before } => self.phase = (**before).clone(),
            _ if !self.paused => return Err(Ignored::NotNow),
            _ => {}
        }
        self.paused = false;
        Ok(())
    }

    pub(super) fn stopped(&mut self) -> Result<(), Ignored> {
        if matches!(self.phase, Phase::Finished | Phase::Stopped { .. }) {
            return Err(Ignored::NotNow);
        }
        let before = Box::new(self.phase.clone());
        self.phase = Phase::Stopped { before };
        Ok(())
    }
}
