//! Which rows become examples, and what is said of those that do not.

use super::*;

#[test]
fn rows_of_a_step_are_one_example() {
    let chosen = || traced(&student(), "hello", 33);
    let prepared = prepare(vec![
        row("1", chosen(), Some(plain("no"))),
        row("2", chosen(), Some(plain("nein"))),
        row("3", chosen(), Some(plain("no"))),
        row("4", plain("hi"), None),
    ]);
    assert_eq!(prepared.train.len(), 2);
    let Example {
        rejected, chosen, ..
    } = &prepared.train[0];
    assert_eq!((rejected.len(), chosen.tokens.len()), (2, 2));
    assert_eq!(prepared.report.kept[0].rows, ["1", "2", "3"]);
    assert_eq!(prepared.report.pairs(Split::Train), 2);
    assert_eq!(prepared.report.rows, 4);
    let counts = readiness::Counts {
        complete: 2,
        paired: 1,
        held_out: 0,
        groups: 1,
    };
    assert_eq!(prepared.counts(), counts);
    // Every answer ends.
    let end = student().end_of_turn();
    assert!(rejected.iter().all(|answer| answer.last() == Some(&end)));
}

#[test]
fn a_later_row_can_bring_the_trace() {
    let rows = vec![
        row("1", plain("hello"), None),
        row("2", traced(&student(), "hello", 33), None),
    ];
    let prepared = prepare(rows);
    assert_eq!(prepared.report.alignment(Split::Train).soft, 2);
    assert_eq!(prepared.train.len(), 1);
}

#[test]
fn what_cannot_be_learned_is_left_out_and_said() {
    let long = "x".repeat(30);
    let prepared = prepare(vec![
        row("empty", plain(" \n"), None),
        row("silent", plain("hello"), Some(plain(""))),
        row("same", plain("hello"), Some(plain("hello"))),
        row("long", plain(&"x".repeat(40)), Some(plain("y"))),
        row("half", plain("hello"), Some(plain(&"y".repeat(40)))),
        row("fits", plain(&long), None),
    ]);
    // "say " and "hello" are 5 tokens, and each answer has an end.
    assert_eq!(
        omissions(&prepared.report),
        [
            "empty: the chosen answer is empty",
            "silent: the rejected answer is empty",
            "same: the rejected answer is the chosen one",
            "half: the prompt (5 tokens) and the rejected answer (41) are longer than 40 tokens",
            "long: the prompt (5 tokens) and the chosen answer (41) are longer than 40 tokens",
        ]
    );
    let loses: Vec<_> = prepared
        .report
        .omissions
        .iter()
        .map(|o| o.reason.loses())
        .collect();
    assert_eq!(
        loses,
        [
            Loses::Row,
            Loses::Rejected,
            Loses::Rejected,
            Loses::Rejected,
            Loses::Row
        ]
    );
    assert_eq!(prepared.train.len(), 2);
    assert!(prepared.train[0].rejected.is_empty());
    assert_eq!(prepared.report.kept[0].rows, ["silent", "same", "half"]);
}

#[test]
fn splits_are_the_rows_own_and_never_share_an_example() {
    let held_out = Row {
        split: Split::HeldOut,
        group: "other session".to_owned(),
        ..row("judge", plain("hello"), None)
    };
    let prepared = prepare(vec![
        row("leak", plain("hello"), None),
        row("train", plain("hi"), None),
        held_out,
    ]);
    assert_eq!((prepared.train.len(), prepared.held_out.len()), (1, 1));
    assert_eq!(prepared.held_out[0].group, "other session");
    assert_eq!(
        omissions(&prepared.report),
        ["leak: the same prompt and chosen answer are held out"]
    );
    let splits: Vec<Split> = prepared.report.kept.iter().map(|kept| kept.split).collect();
    assert_eq!(splits, [Split::Train, Split::HeldOut]);
}

#[test]
fn no_rows_are_no_examples() {
    assert_eq!(prepare(Vec::new()), Prepared::default());
}

/// Says that it has fewer tokens than it gives.
struct Cut(Greedy);

impl Tokenize for Cut {
    fn identity(&self) -> &str {
        self.0.name
    }
    fn render(&self, messages: &[ChatMessage]) -> Result<Vec<u32>, TokenizeError> {
        self.0.render(messages)
    }
    fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        self.0.tokens(text)
    }
    fn end_of_turn(&self) -> u32 {
        99
    }
    fn vocabulary(&self) -> u32 {
        100
    }
    fn token_bytes(&self, id: u32) -> Option<&[u8]> {
        self.0.token_bytes(id)
    }
}

#[test]
fn a_tokenizer_that_does_not_fit_the_model_ends_it() {
    let cut = Cut(student());
    let mut preparation = Preparation::new(&cut, SETTINGS);
    let error = preparation
        .add(row("1", plain("hi"), None))
        .expect_err("an error");
    let expected =
        "the tokenizer gives row 1 the token 115, and the model's vocabulary ends at 100";
    assert_eq!(error.to_string(), expected);
    let mut row = row("2", plain("hi"), None);
    row.prompt.clear();
    let error = preparation.add(row).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "the chat template makes an empty prompt of row 2"
    );
}

proptest! {
    /// Every soft label is a distribution with the token that the text has there, whoever wrote it.
    #[test]
    fn labels_are_distributions_of_the_right_token(
        text in "(hello| world| you|lo|ld|é|[a-z ]){1,12}",
        by_student in any::<bool>(),
        other in 0..256u32,
    ) {
        prop_assume!(!text.trim().is_empty());
        let of = if by_student { student() } else { teacher() };
        let other = if of.split(&text).contains(&other) { 0 } else { other };
        let (answer, report) = chosen_of(traced(&of, &text, other));
        prop_assert_eq!(omissions(&report), Vec::<String>::new());
        let to = student();
        let bytes: Vec<u8> = answer.tokens.iter().flat_map(|&t| to.tokens[t as usize].clone()).collect();
        prop_assert_eq!(bytes, [text.as_bytes(), b"<|end|>"].concat());
        prop_assert_eq!(answer.soft.len(), answer.tokens.len());
        for (label, token) in answer.soft.iter().zip(&answer.tokens) {
            let Some(label) = label else { prop_assert!(!by_student); continue };
            prop_assert!(label.tokens.contains(token));
            let mut once = label.tokens.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), label.tokens.len());
            let mass: f64 = label.log_probs.iter().map(|&v| f64::from(v).exp()).sum();
            prop_assert!(mass <= 1.0 + 1e-6);
        }
    }
}
