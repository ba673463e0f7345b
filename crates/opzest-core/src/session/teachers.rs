//! Which model an agent uses: pools, switches of teacher, consent to send, calls that failed.

use crate::ids::ModelId;
use crate::session::event::{CallProblem, CheckOutcome, Teacher};
use crate::session::machine::Ignored;
use crate::session::state::{Phase, State, SwitchCause, TeacherSwitch, Trouble};
use crate::workflow::Agent;

/// How often a call that failed in passing is repeated before another teacher or the user is asked.
const CALL_REPEATS: u32 = 2;

impl State {
    pub(super) fn call_failed(&mut self, problem: &CallProblem, at: usize) -> Result<(), Ignored> {
        let agent = match self.phase {
            Phase::Planning => Agent::Planner,
            Phase::Instructing => Agent::Lead,
            Phase::Working => Agent::Worker,
            Phase::Analysing => Agent::Analyst,
            Phase::Checking => {
                // Nothing is known about the artifact: the user decides.
                let why = problem.message.clone();
                return self.checked(CheckOutcome::NotRun { why }, at);
            }
            _ => return Err(Ignored::NotNow),
        };
        if problem.passing && self.call_failures < CALL_REPEATS {
            self.call_failures += 1;
            return Ok(());
        }
        self.call_failures = 0;
        if let Some(place) = self.allowed_place(agent, self.place(agent) + 1) {
            self.switch(agent, place, SwitchCause::Unreachable);
        } else if agent == Agent::Analyst {
            self.phase = Phase::Confirming;
        } else {
            let problem = problem.clone();
            self.phase = Phase::Trouble(Trouble { agent, problem });
        }
        Ok(())
    }

    pub(super) fn teacher_chosen(&mut self, agent: Agent, place: usize) -> Result<(), Ignored> {
        if matches!(self.phase, Phase::Finished | Phase::Stopped { .. }) {
            return Err(Ignored::NotNow);
        }
        if place >= self.pools().get(agent).len() {
            return Err(Ignored::NoSuchTeacher);
        }
        let chosen = self.pools().get(agent)[place].model.id.clone();
        self.refusals.remove(&chosen);
        self.call_failures = 0;
        self.switch(agent, place, SwitchCause::User);
        match &self.phase {
            Phase::PoolExhausted if agent == Agent::Worker => {
                // Also the same one again: the user wants it to go on.
                self.failed_attempts = 0;
                self.begin_cycle();
            }
            Phase::Trouble(trouble) if trouble.agent == agent => self.phase = phase_of(agent),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn pool_changed(&mut self, agent: Agent, pool: &[Teacher]) -> Result<(), Ignored> {
        let from = self.teacher(agent).cloned();
        let place = pool
            .iter()
            .position(|teacher| from.as_ref().is_some_and(|from| is_same(teacher, from)));
        match self.setup.as_mut() {
            Some(setup) => setup.pools.set(agent, pool.to_vec()),
            None => self.start.pools.set(agent, pool.to_vec()),
        }
        let place = place.or_else(|| self.allowed_place(agent, 0));
        self.places[agent as usize] = place.unwrap_or(pool.len());
        self.homes[agent as usize] = 0;
        self.note_switch(agent, from, SwitchCause::User);
        self.confirm_without_analyst();
        Ok(())
    }

    pub(super) fn consent_given(&mut self, model: &ModelId) -> Result<(), Ignored> {
        self.refusals.remove(model);
        let of_it = |teacher: &&Teacher| teacher.model.id == *model;
        let teachers = Agent::ALL.iter().flat_map(|&agent| self.pools().get(agent));
        let allowed: Vec<_> = teachers
            .filter(of_it)
            .map(|teacher| (model.clone(), teacher.destination.clone()))
            .collect();
        self.consents.extend(allowed);
        Ok(())
    }

    pub(super) fn consent_refused(&mut self, model: &ModelId) -> Result<(), Ignored> {
        self.consents.retain(|(allowed, _)| allowed != model);
        self.refusals.insert(model.clone());
        for &agent in Agent::ALL {
            let refused = |teacher: &Teacher| teacher.model.id == *model;
            if !self.teacher(agent).is_some_and(refused) {
                continue;
            }
            let place = self.allowed_place(agent, self.place(agent) + 1);
            let place = place.or_else(|| self.allowed_place(agent, 0));
            let none = self.pools().get(agent).len();
            self.switch(agent, place.unwrap_or(none), SwitchCause::NoConsent);
        }
        self.confirm_without_analyst();
        Ok(())
    }

    /// The first place from `from` on whose model the user has not refused.
    pub(super) fn allowed_place(&self, agent: Agent, from: usize) -> Option<usize> {
        let pool = self.pools().get(agent);
        (from..pool.len()).find(|&place| !self.refusals.contains(&pool[place].model.id))
    }

    /// Another model for an agent.
    pub(super) fn switch(&mut self, agent: Agent, place: usize, cause: SwitchCause) {
        let from = self.teacher(agent).cloned();
        self.places[agent as usize] = place;
        // A teacher that failed at one step may be right for the next; other causes last.
        if cause != SwitchCause::Failures {
            self.homes[agent as usize] = place;
        }
        self.note_switch(agent, from, cause);
    }

    /// When the worker's model is another one now, the count of failures begins again, and the cycle tells
    /// of it.
    fn note_switch(&mut self, agent: Agent, from: Option<Teacher>, cause: SwitchCause) {
        let to = self.teacher(agent).cloned();
        let same = match (&from, &to) {
            (Some(from), Some(to)) => is_same(from, to),
            (from, to) => from.is_none() && to.is_none(),
        };
        if agent != Agent::Worker || same {
            return;
        }
        self.failed_attempts = 0;
        let switch = TeacherSwitch { from, to, cause };
        match self.current_cycle_mut() {
            Some(cycle) if cycle.attempt.is_none() && cycle.end.is_none() => {
                cycle.switch = Some(switch);
            }
            _ => self.switch = Some(switch),
        }
    }
}

fn is_same(one: &Teacher, other: &Teacher) -> bool {
    one.model.id == other.model.id && one.destination == other.destination
}

/// What an agent does while it is called.
pub(super) fn phase_of(agent: Agent) -> Phase {
    match agent {
        Agent::Planner => Phase::Planning,
        Agent::Lead => Phase::Instructing,
        Agent::Worker => Phase::Working,
        Agent::Analyst => Phase::Analysing,
    }
}
