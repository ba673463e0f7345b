//! The agents: how they ask, how answers are read, what happens when there is no room or no sense.

mod analyst;
mod embedded;
mod lead;
mod planner;
mod prompts;
mod reading;
mod room;
mod scripted;
mod stage;
mod trouble;
mod worker;
mod workflows;
