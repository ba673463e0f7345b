//! The plan: made by the planner or the user, edited before and during the work.

use crate::ids::StepId;
use crate::session::event::PlannedStep;
use crate::session::machine::Ignored;
use crate::session::state::{Phase, State, Step, StepStatus};
use std::collections::HashSet;

impl State {
    /// Replaces the plan before the work has begun.
    pub(super) fn set_plan(&mut self, planned: &[PlannedStep]) -> Result<(), Ignored> {
        check(planned)?;
        self.steps = planned.iter().map(waiting).collect();
        self.phase = Phase::PlanReview;
        Ok(())
    }

    /// Replaces the steps that are not done. The current step stays the first of them, whether it is
    /// named or not: it can be skipped, not deleted.
    pub(super) fn edit_plan(&mut self, planned: &[PlannedStep]) -> Result<(), Ignored> {
        match self.phase {
            Phase::Planning if self.setup.is_none() => return Err(Ignored::NeedsWorkflow),
            Phase::Planning | Phase::PlanReview => return self.set_plan(planned),
            Phase::Stopped { .. } => return Err(Ignored::NotNow),
            Phase::Finished if planned.is_empty() => return Err(Ignored::EmptyPlan),
            Phase::Finished
            | Phase::Instructing
            | Phase::Working
            | Phase::Checking
            | Phase::Judging
            | Phase::Analysing
            | Phase::Confirming
            | Phase::PoolExhausted
            | Phase::Trouble(_) => {}
        }
        if !planned.is_empty() {
            check(planned)?;
        }
        let named = |step: &Step| planned.iter().find(|planned| planned.id == step.id);
        if self
            .steps
            .iter()
            .any(|step| is_over(step) && named(step).is_some())
        {
            return Err(Ignored::StepIsOver);
        }
        let text_of_current = self
            .current_step()
            .and_then(named)
            .map(|step| step.text.clone());
        self.steps.retain(|step| step.status != StepStatus::Waiting);
        let current = self.current_step_mut().map(|step| {
            if let Some(text) = text_of_current {
                step.text = text;
            }
            step.id
        });
        let others = planned.iter().filter(|step| Some(step.id) != current);
        self.steps.extend(others.map(waiting));
        if self.phase == Phase::Finished {
            self.begin_step();
        }
        Ok(())
    }
}

impl State {
    /// The steps that an edit of the plan cannot take out: they are over, or in work.
    pub(super) fn steps_begun(&self) -> HashSet<StepId> {
        let begun = |step: &&Step| step.status != StepStatus::Waiting;
        self.steps
            .iter()
            .filter(begun)
            .map(|step| step.id)
            .collect()
    }

    /// An edit of the plan when verdicts before it have been undone: steps that it could not take out then,
    /// and that wait again, stay before the ones that it names.
    pub(super) fn edit_after_undo(
        &self,
        planned: &[PlannedStep],
        begun_then: &HashSet<StepId>,
    ) -> Vec<PlannedStep> {
        let is_named = |step: &Step| planned.iter().any(|planned| planned.id == step.id);
        let stays = |step: &&Step| {
            step.status == StepStatus::Waiting && begun_then.contains(&step.id) && !is_named(step)
        };
        let again = self.steps.iter().filter(stays).map(|step| PlannedStep {
            id: step.id,
            text: step.text.clone(),
        });
        again.chain(planned.iter().cloned()).collect()
    }
}

fn is_over(step: &Step) -> bool {
    matches!(step.status, StepStatus::Done | StepStatus::Skipped)
}

fn check(planned: &[PlannedStep]) -> Result<(), Ignored> {
    if planned.is_empty() {
        return Err(Ignored::EmptyPlan);
    }
    if planned.iter().any(|step| step.text.trim().is_empty()) {
        return Err(Ignored::EmptyStep);
    }
    let ids: HashSet<_> = planned.iter().map(|step| step.id).collect();
    match ids.len() == planned.len() {
        true => Ok(()),
        false => Err(Ignored::StepTwice),
    }
}

fn waiting(planned: &PlannedStep) -> Step {
    Step {
        id: planned.id,
        text: planned.text.clone(),
        status: StepStatus::Waiting,
        cycles: Vec::new(),
        prompt: None,
        asked: None,
    }
}
