//! What the user's words mean.

use super::scripted::{LOCAL, SERVER, Says, Scripted, text};
use super::stage::{Stage, Watched, file};
use opzest_app::agents::analyse;
use opzest_core::artifact::Artifact;
use opzest_core::session::{Analysis, Verdict};
use opzest_llm::Capabilities;

fn stage(words: &str) -> Stage {
    Stage::begun("script", "Print", "Print 1 to 9", Artifact::EMPTY)
        .instructed("Print.")
        .worked(file("main.py", "print(7)\n"))
        .passed()
        .feedback(words)
}

async fn analysed(model: Scripted) -> Analysis {
    let watched = Watched::new(model);
    let analysis = analyse(stage("Make it red").session.state(), &watched.call()).await;
    let analysis = analysis.expect("answers");
    let sum: f32 = analysis.probabilities.iter().sum();
    assert!((sum - 1.0).abs() < 1e-4, "{analysis:?}");
    analysis
}

#[tokio::test]
async fn a_local_model_hears_who_would_say_it() {
    let mut model = Scripted::new(LOCAL, Vec::new());
    model.score = |messages, answer| {
        assert_eq!(answer, "Make it red");
        let wish = &messages.last().expect("a wish").content;
        if wish.contains("what to change") {
            -20.0
        } else {
            -40.0
        }
    };
    let analysis = analysed(model).await;
    assert_eq!(analysis.verdict().0, Verdict::FurtherEdit);
    assert!(analysis.verdict().1 > 0.9);
}

#[tokio::test]
async fn a_server_with_log_probabilities_gives_those_of_its_letter() {
    let with_traces = Capabilities {
        max_trace_k: 20,
        ..SERVER
    };
    let top = [
        (" B", 0.6),
        ("A", 0.1),
        ("b", 0.05),
        ("B)", 0.1),
        ("The", 0.05),
    ];
    let top = top.map(|(text, p)| (text.to_owned(), p)).to_vec();
    let says = Says::Candidates("B: the user wants another colour".into(), top);
    let analysis = analysed(Scripted::new(with_traces, vec![says])).await;
    let [redo, further, accepted] = analysis.probabilities;
    assert!((redo - 0.125).abs() < 1e-3 && (further - 0.875).abs() < 1e-3 && accepted == 0.0);
    assert_eq!(analysis.reason, "the user wants another colour");
}

#[tokio::test]
async fn without_log_probabilities_the_user_is_asked() {
    for (answer, expected) in [
        ("C: all is well", [0.25, 0.25, 0.5]),
        ("**A**", [0.5, 0.25, 0.25]),
        ("The answer is B.", [0.25, 0.5, 0.25]),
        ("I think it is fine.", [1.0 / 3.0; 3]),
        ("", [1.0 / 3.0; 3]),
    ] {
        let analysis = analysed(Scripted::new(SERVER, vec![text(answer)])).await;
        assert_eq!(analysis.probabilities, expected, "{answer}");
        let least = super::stage::workflow("script").confidence;
        assert!(analysis.verdict().1 < least);
    }
}

#[tokio::test]
async fn a_mind_elsewhere_is_no_probability() {
    let with_traces = Capabilities {
        max_trace_k: 20,
        ..SERVER
    };
    let top = vec![("Well".to_owned(), 0.9), ("C".to_owned(), 0.05)];
    let says = Says::Candidates("Well, C".into(), top);
    let analysis = analysed(Scripted::new(with_traces, vec![says])).await;
    assert_eq!(analysis.probabilities, [0.25, 0.25, 0.5]);
}
