//! How each event changes the state.

use crate::artifact::Artifact;
use crate::ids::AttemptId;
use crate::session::event::{Analysis, CheckOutcome, Event, PlannedStep, Setup, Written};
use crate::session::machine::Ignored;
use crate::session::state::{
    Attempt, Author, Cycle, CycleEnd, Instruction, Phase, State, StepStatus, SwitchCause, Verdict,
    Version,
};
use crate::workflow::Agent;

impl State {
    /// Takes an event that stands at `at` in the line of events. Answers to calls have been matched
    /// with the call that is wanted. May leave the state half changed if it fails.
    pub(super) fn apply(&mut self, event: &Event, at: usize) -> Result<(), Ignored> {
        match event {
            Event::Started { .. } => Err(Ignored::Start),
            Event::PlanWritten {
                written,
                setup,
                steps,
                ..
            } => self.plan_written(written, setup.as_deref(), steps),
            Event::InstructionWritten {
                written,
                instruction,
                ..
            } => self.instruction_written(written, instruction),
            Event::WorkWritten {
                attempt,
                written,
                artifact,
                ..
            } => self.work_written(*attempt, written, Some(artifact)),
            Event::WorkUnreadable {
                attempt,
                written,
                problem,
                ..
            } => {
                self.work_written(*attempt, written, None)?;
                self.attempt_erred(problem.clone());
                Ok(())
            }
            Event::Checked { check, .. } => self.checked(check.clone(), at),
            Event::FeedbackAnalysed { analysis, .. } => self.feedback_analysed(analysis),
            Event::CallFailed { problem, .. } => self.call_failed(problem, at),
            Event::PlanEdited { steps } => self.edit_plan(steps),
            Event::PlanApproved => self.plan_approved(),
            Event::FeedbackGiven { words } => self.feedback_given(words),
            Event::VerdictGiven {
                verdict,
                words,
                attempt,
            } => self.verdict_given(*verdict, words, *attempt),
            Event::HandEdited { edit } => self.hand_edited(edit, at),
            Event::CheckOverruled { words } => self.check_overruled(words, at),
            // The session itself undoes.
            Event::VerdictUndone => Err(Ignored::NothingToUndo),
            Event::StepSkipped => self.step_skipped(),
            Event::TriedAgain => self.tried_again(),
            Event::TeacherChosen { agent, place } => self.teacher_chosen(*agent, *place as usize),
            Event::PoolChanged { agent, pool } => self.pool_changed(*agent, pool),
            Event::ConsentGiven { model } => self.consent_given(model),
            Event::ConsentRefused { model } => self.consent_refused(model),
            Event::Paused => self.paused(),
            Event::Resumed => self.resumed(),
            Event::Stopped => self.stopped(),
        }
    }

    // ---- answers of models and checks

    pub(super) fn plan_written(
        &mut self,
        written: &Written,
        setup: Option<&Setup>,
        steps: &[PlannedStep],
    ) -> Result<(), Ignored> {
        if self.setup.is_none() {
            self.setup = Some(setup.ok_or(Ignored::NeedsWorkflow)?.clone());
            // Another pool than the one in which the planner was counted.
            self.places = [0; 4];
            self.homes = [0; 4];
        }
        self.plan = Some(written.clone());
        self.call_failures = 0;
        let own = self.start.plan.clone();
        self.set_plan(if own.is_empty() { steps } else { &own })
    }

    pub(super) fn instruction_written(
        &mut self,
        written: &Written,
        text: &str,
    ) -> Result<(), Ignored> {
        self.call_failures = 0;
        let step = self.current_step_mut().ok_or(Ignored::NotNow)?;
        step.asked.get_or_insert_with(|| step.text.clone());
        let cycle = step.cycles.last_mut().ok_or(Ignored::NotNow)?;
        cycle.instruction = Some(Instruction {
            text: text.to_owned(),
            written: written.clone(),
        });
        self.phase = Phase::Working;
        Ok(())
    }

    pub(super) fn work_written(
        &mut self,
        id: AttemptId,
        written: &Written,
        artifact: Option<&Artifact>,
    ) -> Result<(), Ignored> {
        self.new_attempt(id)?;
        self.call_failures = 0;
        let step = self.current_step_mut().ok_or(Ignored::NotNow)?;
        step.prompt.get_or_insert_with(|| written.asked().to_vec());
        let cycle = step.cycles.last_mut().ok_or(Ignored::NotNow)?;
        cycle.attempt = Some(Attempt {
            id,
            written: written.clone(),
            artifact: artifact.cloned(),
            check: None,
        });
        self.phase = Phase::Checking;
        Ok(())
    }

    pub(super) fn checked(&mut self, check: CheckOutcome, at: usize) -> Result<(), Ignored> {
        let cycle = self.current_cycle_mut().ok_or(Ignored::NotNow)?;
        let attempt = cycle.attempt.as_mut().ok_or(Ignored::NotNow)?;
        attempt.check = Some(check.clone());
        match check {
            CheckOutcome::Failed { error, .. } => self.attempt_erred(error),
            CheckOutcome::Passed { .. } | CheckOutcome::NotRun { .. } => {
                self.phase = Phase::Judging;
                self.shown_at = at + 1;
            }
        }
        Ok(())
    }

    pub(super) fn feedback_analysed(&mut self, analysis: &Analysis) -> Result<(), Ignored> {
        let sum: f32 = analysis.probabilities.iter().sum();
        let in_range = |p: &f32| (0.0..=1.0).contains(p);
        if !analysis.probabilities.iter().all(in_range) || (sum - 1.0).abs() > 0.01 {
            return Err(Ignored::NotProbabilities);
        }
        self.call_failures = 0;
        let cycle = self.current_cycle_mut().ok_or(Ignored::NotNow)?;
        let feedback = cycle.feedback.as_mut().ok_or(Ignored::NotNow)?;
        feedback.analysis = Some(analysis.clone());
        let (verdict, probability) = analysis.verdict();
        let enough = self
            .setup
            .as_ref()
            .map_or(1.0, |setup| setup.workflow.confidence);
        if probability < enough {
            self.phase = Phase::Confirming;
            return Ok(());
        }
        self.undo_to.push(self.shown_at);
        self.judge(verdict, Author::Analyst)
    }

    pub(super) fn new_attempt(&self, id: AttemptId) -> Result<(), Ignored> {
        let is_it = |cycle: &Cycle| {
            let by_hand =
                matches!(&cycle.end, Some(CycleEnd::HandEdited { attempt, .. }) if *attempt == id);
            by_hand
                || cycle
                    .attempt
                    .as_ref()
                    .is_some_and(|attempt| attempt.id == id)
        };
        match self.steps.iter().flat_map(|step| &step.cycles).any(is_it) {
            true => Err(Ignored::AttemptTwice),
            false => Ok(()),
        }
    }

    pub(super) fn judge(&mut self, verdict: Verdict, by: Author) -> Result<(), Ignored> {
        let cycle = self.current_cycle_mut().ok_or(Ignored::NotNow)?;
        cycle.end = Some(CycleEnd::Judged { verdict, by });
        let attempt = cycle.attempt.as_ref().ok_or(Ignored::NotNow)?;
        let id = attempt.id;
        let artifact = attempt.artifact.clone().ok_or(Ignored::NotNow)?;
        match verdict {
            Verdict::Redo => self.attempt_failed(),
            Verdict::FurtherEdit => {
                self.artifact = artifact;
                self.failed_attempts = 0;
                self.begin_cycle();
            }
            Verdict::Accepted => self.accept(id, artifact, false)?,
        }
        Ok(())
    }

    pub(super) fn attempt_erred(&mut self, error: String) {
        if let Some(cycle) = self.current_cycle_mut() {
            cycle.end = Some(CycleEnd::Error { error });
        }
        self.attempt_failed();
    }

    /// An error or a redo: the same teacher again, or the next one, or the user.
    pub(super) fn attempt_failed(&mut self) {
        self.failed_attempts += 1;
        if self.failed_attempts >= self.attempts_before_switch() {
            let place = self.place(Agent::Worker) + 1;
            match self.allowed_place(Agent::Worker, place) {
                Some(place) => self.switch(Agent::Worker, place, SwitchCause::Failures),
                None => {
                    self.phase = Phase::PoolExhausted;
                    return;
                }
            }
        }
        self.begin_cycle();
    }

    pub(super) fn accept(
        &mut self,
        id: AttemptId,
        artifact: Artifact,
        by_hand: bool,
    ) -> Result<(), Ignored> {
        let step = self.current_step_mut().ok_or(Ignored::NotNow)?;
        step.status = StepStatus::Done;
        let version = Version {
            step: step.id,
            attempt: id,
            artifact: artifact.clone(),
            by_hand,
        };
        self.versions.push(version);
        self.artifact = artifact;
        self.begin_step();
        Ok(())
    }

    /// The next step that waits, with each agent's first teacher; or the end.
    pub(super) fn begin_step(&mut self) {
        self.failed_attempts = 0;
        self.call_failures = 0;
        self.switch = None;
        for &agent in Agent::ALL {
            let home = self.allowed_place(agent, self.homes[agent as usize]);
            let home = home.or_else(|| self.allowed_place(agent, 0));
            self.places[agent as usize] = home.unwrap_or(self.pools().get(agent).len());
        }
        let next = self
            .steps
            .iter_mut()
            .find(|step| step.status == StepStatus::Waiting);
        match next {
            Some(step) => {
                step.status = StepStatus::Current;
                self.begin_cycle();
            }
            None => self.phase = Phase::Finished,
        }
    }

    pub(super) fn begin_cycle(&mut self) {
        let switch = self.switch.take();
        if let Some(step) = self.current_step_mut() {
            step.cycles.push(Cycle {
                switch,
                ..Cycle::default()
            });
        }
        self.phase = Phase::Instructing;
    }
}
