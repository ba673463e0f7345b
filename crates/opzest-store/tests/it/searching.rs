//! Full-text search: what is found, how it is shown, and that anything may be typed.

use crate::support::Folder;
use opzest_core::conversation::HitPart;
use opzest_store::{InConversation, Store};

fn shown(parts: &[HitPart]) -> String {
    let mark = |part: &HitPart| match part.matches {
        true => format!("[{}]", part.text),
        false => part.text.clone(),
    };
    parts.iter().map(mark).collect()
}

/// "title: hit" of everything that is found, newest first.
fn found(store: &Store, query: &str) -> Vec<String> {
    let page = store
        .conversations(Some(query), 50)
        .expect("any text is a valid query");
    assert_eq!(page.total as usize, page.items.len());
    let show = |hit: Option<Vec<HitPart>>| shown(&hit.expect("a search gives a hit"));
    page.items
        .into_iter()
        .map(|item| format!("{}: {}", item.title, show(item.hit)))
        .collect()
}

#[test]
fn words_are_found_in_messages_and_titles() {
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(
        &mut store,
        folder.new_conversation(),
        "Bread",
        "Mix flour, water\nand yeast.",
    );
    folder.turn(
        &mut store,
        folder.new_conversation(),
        "Crème brûlée",
        "Eggs and <b>sugar</b>.",
    );

    assert_eq!(
        found(&store, "yeast"),
        ["Bread: Mix flour, water and [yeast]."]
    );
    assert_eq!(
        found(&store, "WATER flo"),
        ["Bread: Mix [flour], [water] and yeast."]
    );
    assert_eq!(
        found(&store, "creme brul"),
        ["Crème brûlée: [Crème] [brûlée]"]
    );
    assert_eq!(
        found(&store, "sugar"),
        ["Crème brûlée: Eggs and <b>[sugar]</b>."]
    );
    // Only the last word may be begun; all must be there; newest first.
    assert_eq!(found(&store, "flo water"), [""; 0]);
    assert_eq!(found(&store, "yeast eggs"), [""; 0]);
    assert_eq!(found(&store, "and").len(), 2);
    assert!(found(&store, "and")[0].starts_with("Crème"));

    let page = store.conversations(Some("and"), 1).expect("searches");
    assert_eq!((page.items.len(), page.total), (1, 2));
}

#[test]
fn a_renamed_title_is_found_by_its_new_words_only() {
    let folder = Folder::new();
    let mut store = folder.open();
    let id = folder
        .turn(&mut store, folder.new_conversation(), "x", "y")
        .conversation
        .id;
    store
        .rename_conversation(id, "Tax return")
        .expect("renames");
    assert_eq!(found(&store, "tax"), ["Tax return: [Tax] return"]);
    store.rename_conversation(id, "Garden").expect("renames");
    assert_eq!(found(&store, "tax"), [""; 0]);
    assert_eq!(found(&store, "gard"), ["Garden: [Garden]"]);
}

#[test]
fn scripts_without_spaces_and_emoji_are_found() {
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(
        &mut store,
        folder.new_conversation(),
        "天气",
        "今天天气很好，我们去公园。",
    );
    folder.turn(
        &mut store,
        folder.new_conversation(),
        "crab",
        "Here: hello🦀world 👩‍🚀",
    );
    assert_eq!(
        found(&store, "很好"),
        ["天气: 今天天气[很好]，我们去公园。"]
    );
    assert_eq!(found(&store, "好很"), [""; 0]);
    assert_eq!(
        found(&store, "公园 天"),
        ["天气: 今[天][天]气很好，我们去[公园]。"].map(|hit| hit.replace("][", ""))
    );
    assert_eq!(found(&store, "🦀"), ["crab: Here: hello[🦀]world 👩‍🚀"]);
    assert_eq!(found(&store, "👩‍🚀").len(), 1);
}

#[test]
fn only_what_opening_would_show_is_found() {
    let folder = Folder::new();
    let mut store = folder.open();
    let first = folder.turn(&mut store, folder.new_conversation(), "Colour", "crimson");
    let begun = folder
        .regenerate(&mut store, first.conversation.id)
        .expect("begins");
    assert_eq!(found(&store, "crimson"), [""; 0]);
    folder
        .finish(&mut store, begun.answer.id, "azure")
        .expect("ends");
    assert_eq!(found(&store, "azure"), ["Colour: [azure]"]);
    store.select_variant(first.answer.id).expect("selects");
    assert_eq!(found(&store, "crimson"), ["Colour: [crimson]"]);
    assert_eq!(found(&store, "azure"), [""; 0]);
}

#[test]
fn anything_may_be_typed() {
    let folder = Folder::new();
    let mut store = folder.open();
    folder.turn(
        &mut store,
        folder.new_conversation(),
        "NEAR misses",
        "a\0b \u{1f} c \u{2}d\u{3}",
    );
    let long_word = "x".repeat(10_240);
    let long_text = "near ".repeat(2_048);
    let long_cjk = "漢".repeat(10_240);
    let odd = [
        "\"",
        "\"\"\"",
        "near(",
        "NEAR(a b, 5)",
        "a AND OR NOT",
        "title:near",
        "-near",
        "^near",
        "*",
        "near*",
        "{title}: near",
        "(((",
        "near + misses",
        "'; DROP TABLE message; --",
        "\0",
        "near\0",
        "%_",
        "\\",
        "🦀",
        "漢字",
        "\u{202e}near",
        "\u{1f}",
        "\u{2}",
        "\u{fffd}",
        "½",
        &long_word,
        &long_text,
        &long_cjk,
    ];
    for query in odd {
        found(&store, query);
    }
    assert_eq!(
        found(&store, "near misses \"").len(),
        1,
        "what is no word is ignored"
    );
    assert_eq!(
        found(&store, "b c d").len(),
        1,
        "control characters part words"
    );

    let all = store.conversations(Some(" \n "), 5).expect("no search");
    assert_eq!((all.total, &all.items[0].hit), (1, &None));
}

#[test]
fn the_hit_of_a_long_text_is_short() {
    let folder = Folder::new();
    let mut store = folder.open();
    let long = "padding ".repeat(5_000);
    let text = format!("{long} needle {}", "z".repeat(100_000));
    folder.turn(&mut store, folder.new_conversation(), "q", &text);
    let hit = &found(&store, "needle")[0];
    assert!(
        hit.contains("[needle]") && hit.chars().count() < 600,
        "{hit}"
    );
}

#[test]
fn the_first_of_several_hits_is_shown() {
    let folder = Folder::new();
    let mut store = folder.open();
    let id = folder
        .turn(&mut store, folder.new_conversation(), "apple one", "x")
        .conversation
        .id;
    folder.turn(
        &mut store,
        InConversation::Existing(id),
        "apple two",
        "apple three",
    );
    assert_eq!(found(&store, "apple"), ["apple one: [apple] one"]);
}
