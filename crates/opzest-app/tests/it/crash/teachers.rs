//! Teachers that answer any number of requests: now and then wrongly, so that every kind of event comes.

use crate::sessions::teacher_server::{Reply, instructs, says, writes};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// What the person says, so that the analyst knows what is meant; anything else leaves it unsure.
pub const REDO: &str = "REDO-IT";
pub const FURTHER: &str = "GO-FURTHER";
pub const ACCEPT: &str = "TAKE-IT";
pub const UNSURE: &str = "WELL-WELL";

pub fn rule() -> impl Fn(&str, &Value) -> Reply + Send + Sync + 'static {
    let asked = AtomicU64::new(0);
    move |model, body| {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        match model {
            "planner" => says(
                json!({ "reasoning": "Simple.", "steps": ["Print it", "Ring", "Tidy up"] })
                    .to_string(),
            ),
            "lead" => instructs(&format!("Do it, number {number}")),
            "analyst" => analyse(&body["messages"].to_string()),
            _ => work(number),
        }
    }
}

fn work(number: u64) -> Reply {
    match number % 11 {
        2 | 7 => writes("main.py", &format!("print(tme_{number})\n")),
        4 => says("I would rather not."),
        5 => Reply::Status(503),
        9 => Reply::Cut("I will wri".into()),
        _ => writes(
            "main.py",
            &format!(
                "# {}\nprint({number})\n",
                "long ".repeat(number as usize % 400)
            ),
        ),
    }
}

/// By what the person has said last.
fn analyse(messages: &str) -> Reply {
    let said = [
        (REDO, [0.9, 0.05, 0.05]),
        (FURTHER, [0.05, 0.9, 0.05]),
        (ACCEPT, [0.05, 0.05, 0.9]),
        (UNSURE, [0.4, 0.35, 0.25]),
    ];
    let last = said
        .into_iter()
        .max_by_key(|(word, _)| messages.rfind(word));
    Reply::Letter(last.expect("four").1)
}
