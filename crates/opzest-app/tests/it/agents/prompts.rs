//! What models read in the bundled workflows.

use super::scripted::{SERVER, Scripted, text};
use super::stage::{Stage, Watched, file};
use opzest_app::agents::{analyse, instruct, messages_for_hand_edit, plan};
use opzest_core::artifact::Artifact;
use opzest_core::chat::ChatMessage;
use opzest_core::session::Verdict;

fn shown(messages: &[ChatMessage]) -> String {
    let one = |message: &ChatMessage| format!("--- {}\n{}\n", message.role, message.content);
    messages.iter().map(one).collect()
}

/// Each agent's prompt in a session that has come to its second cycle.
#[tokio::test]
async fn prompts_of_every_workflow() {
    for (id, name, content) in [
        ("document", "document.md", "Dear Tom,\n"),
        ("script", "main.py", "print(1)\n"),
        ("page", "index.html", "<p>Hi</p>\n"),
        ("data", "data.json", "{}\n"),
    ] {
        let mut all = String::new();
        let answers = ["1. Do it", "Instruction: i", "Instruction: i", "C: ok"]
            .map(text)
            .to_vec();
        let watched = Watched::new(Scripted::new(SERVER, answers));
        let call = watched.call();
        let stage = Stage::unplanned(Some(id), "THE REQUEST", Artifact::EMPTY);
        plan(stage.session.state(), &[], &call)
            .await
            .expect("plans");
        let stage = Stage::begun(id, "THE REQUEST", "THE STEP", Artifact::EMPTY);
        instruct(stage.session.state(), &call).await.expect("leads");
        let stage = stage
            .instructed("INSTRUCTION ONE")
            .worked(file(name, content))
            .passed()
            .judged(Verdict::FurtherEdit, "THE FEEDBACK")
            .instructed("INSTRUCTION TWO");
        let worker = messages_for_hand_edit(stage.session.state()).expect("a prompt");
        let stage = stage.worked(file(name, "faulty\n")).failed("THE ERROR");
        instruct(stage.session.state(), &call).await.expect("leads");
        let stage = stage
            .instructed("INSTRUCTION THREE")
            .worked(file(name, content))
            .passed()
            .feedback("THE WORDS");
        analyse(stage.session.state(), &call)
            .await
            .expect("analyses");
        let mut requests = watched
            .model()
            .requests()
            .into_iter()
            .map(|request| request.messages);
        for title in ["planner", "lead, first", "lead, after an error", "analyst"] {
            let messages = requests.next().expect("asked");
            all.push_str(&format!("====== {title}\n{}\n", shown(&messages)));
        }
        all.push_str(&format!("====== worker\n{}", shown(&worker)));
        insta::assert_snapshot!(format!("{id}"), all);
    }
}
