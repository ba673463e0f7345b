//! Whatever is done in whatever order, the store agrees with a plain picture of it, and with itself.

use crate::support::Folder;
use opzest_core::ids::{ConversationId, MessageId};
use opzest_store::{CheckReport, Erasure, InConversation, Store, StoreError};
use proptest::collection::vec;
use proptest::prelude::*;

/// Indexes are taken modulo what there is.
#[derive(Debug, Clone)]
enum Act {
    NewConversation(String),
    Ask(usize, String),
    Regenerate(usize),
    Write(usize, String),
    Finish(usize, String),
    Select(usize, usize),
    Rename(usize, String),
    Delete(usize),
    Reopen,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let text = || {
        prop_oneof![
            "[a-c]{1,3}( [a-c]{1,3}){0,4}",
            any::<String>(),
            "[天气很好🦀a \u{0}\u{1f}]{0,12}",
        ]
    };
    let act = prop_oneof![
        2 => text().prop_map(Act::NewConversation),
        4 => (any::<usize>(), text()).prop_map(|(at, text)| Act::Ask(at, text)),
        3 => any::<usize>().prop_map(Act::Regenerate),
        2 => (any::<usize>(), text()).prop_map(|(at, text)| Act::Write(at, text)),
        6 => (any::<usize>(), text()).prop_map(|(at, text)| Act::Finish(at, text)),
        2 => any::<(usize, usize)>().prop_map(|(at, which)| Act::Select(at, which)),
        1 => (any::<usize>(), text()).prop_map(|(at, text)| Act::Rename(at, text)),
        1 => any::<usize>().prop_map(Act::Delete),
        1 => Just(Act::Reopen),
    ];
    vec(act, 1..40)
}

/// One position: its variants with their texts, and which is selected.
#[derive(Debug)]
struct Position {
    variants: Vec<(MessageId, String)>,
    selected: usize,
}

#[derive(Debug)]
struct Picture {
    id: ConversationId,
    title: String,
    positions: Vec<Position>,
    streaming: Option<MessageId>,
}

impl Picture {
    fn begun(&mut self, question: Option<(MessageId, String)>, answer: MessageId) {
        match question {
            Some(question) => {
                self.positions.push(Position {
                    variants: vec![question],
                    selected: 0,
                });
                let variants = vec![(answer, String::new())];
                self.positions.push(Position {
                    variants,
                    selected: 0,
                });
            }
            None => {
                let last = self.positions.last_mut().expect("an answer");
                last.selected = last.variants.len();
                last.variants.push((answer, String::new()));
            }
        }
        self.streaming = Some(answer);
    }

    fn set_text(&mut self, id: MessageId, text: &str) {
        let mut variants = self
            .positions
            .iter_mut()
            .flat_map(|place| &mut place.variants);
        variants.find(|variant| variant.0 == id).expect("known").1 = text.to_owned();
    }
}

fn act(folder: &Folder, store: &mut Store, pictures: &mut Vec<Picture>, act: &Act) {
    let count = pictures.len();
    let at = |at: &usize| at % count.max(1);
    match act {
        Act::NewConversation(text) => {
            let begun = folder
                .ask(store, folder.new_conversation(), text)
                .expect("begins");
            let question = begun.question.expect("a question");
            let mut picture = Picture {
                id: begun.conversation.id,
                title: begun.conversation.title,
                positions: Vec::new(),
                streaming: None,
            };
            picture.begun(Some((question.id, text.clone())), begun.answer.id);
            pictures.push(picture);
        }
        Act::Ask(which, text) => {
            let Some(picture) = pictures.get_mut(at(which)) else {
                return;
            };
            let begun = folder.ask(store, InConversation::Existing(picture.id), text);
            assert_eq!(
                picture.streaming.is_some(),
                matches!(begun, Err(StoreError::StillAnswering))
            );
            let Ok(begun) = begun else { return };
            let question = begun.question.expect("a question");
            picture.begun(Some((question.id, text.clone())), begun.answer.id);
        }
        Act::Regenerate(which) => {
            let Some(picture) = pictures.get_mut(at(which)) else {
                return;
            };
            let begun = folder.regenerate(store, picture.id);
            assert_eq!(
                picture.streaming.is_some(),
                matches!(begun, Err(StoreError::StillAnswering))
            );
            if let Ok(begun) = begun {
                picture.begun(None, begun.answer.id);
            }
        }
        Act::Write(which, text) => {
            let Some(picture) = pictures.get_mut(at(which)) else {
                return;
            };
            let Some(answer) = picture.streaming else {
                return;
            };
            store.write_answer(answer, text).expect("it is streaming");
            picture.set_text(answer, text);
        }
        Act::Finish(which, text) => {
            let Some(picture) = pictures.get_mut(at(which)) else {
                return;
            };
            let Some(answer) = picture.streaming.take() else {
                return;
            };
            folder.finish(store, answer, text).expect("it is streaming");
            picture.set_text(answer, text);
        }
        Act::Select(which, variant) => {
            let Some(picture) = pictures.get_mut(at(which)) else {
                return;
            };
            // Answers stand at the odd positions.
            let place = (variant % picture.positions.len()) | 1;
            let place = &mut picture.positions[place];
            place.selected = variant % place.variants.len();
            store
                .select_variant(place.variants[place.selected].0)
                .expect("an answer");
        }
        Act::Rename(which, title) => {
            let Some(picture) = pictures.get_mut(at(which)) else {
                return;
            };
            store.rename_conversation(picture.id, title).expect("known");
            picture.title = title.clone();
        }
        Act::Delete(which) if count > 0 => {
            let picture = pictures.remove(at(which));
            store.delete_conversation(picture.id).expect("known");
        }
        Act::Delete(_) => {}
        Act::Reopen => unreachable!("done by the caller, who owns the store"),
    }
}

fn check(store: &Store, pictures: &[Picture]) {
    let page = store.conversations(None, 1_000).expect("lists");
    assert_eq!(page.total as usize, pictures.len());
    for picture in pictures {
        let opened = store.conversation(picture.id).expect("opens");
        assert_eq!(opened.summary.title, picture.title);
        assert_eq!(
            opened.summary.message_count as usize,
            picture.positions.len()
        );
        assert_eq!(opened.messages.len(), picture.positions.len());
        for (message, place) in opened.messages.iter().zip(&picture.positions) {
            let (id, text) = &place.variants[place.selected];
            assert_eq!((&message.id, &message.text), (id, text));
            let ids: Vec<_> = place.variants.iter().map(|variant| variant.0).collect();
            assert_eq!(message.variants, ids);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_agrees_with_a_plain_picture_of_it(acts in acts()) {
        let folder = Folder::new();
        let mut store = folder.open();
        let mut pictures = Vec::new();
        for step in &acts {
            if matches!(step, Act::Reopen) {
                drop(store);
                store = folder.open();
                let mut left: Vec<_> =
                    pictures.iter_mut().filter_map(|p: &mut Picture| p.streaming.take()).collect();
                left.sort();
                let mut found = store.interrupted_at_open().to_vec();
                found.sort();
                prop_assert_eq!(found, left);
            } else {
                act(&folder, &mut store, &mut pictures, step);
            }
            check(&store, &pictures);
        }
        prop_assert_eq!(store.check().expect("checks"), CheckReport::default());
        prop_assert_eq!(folder.erase(&store), Erasure::Complete);
        check(&store, &pictures);
        prop_assert_eq!(store.check().expect("checks"), CheckReport::default());
    }
}
