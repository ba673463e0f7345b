use super::*;
use crate::search::form;
use crate::{
    CheckReport, DataFolderLock, ExampleFilter, ExampleOrder, STORE_FILE, Store, StoreOptions,
};
use opzest_core::conversation::MessageStatus;

/// Rows as each version could hold them, on top of those of the versions before it. A new migration
/// adds a line here, empty if it has no rows of its own.
const ROWS: &[&str] = &[
    "INSERT INTO conversation (id, use_case_id, title, scope, model_id, created_at, updated_at)
     VALUES ('018bcfe5-6800-7000-8000-000000000001', '00000000-0000-7000-8000-000000000001',
             'Rhubarb', 'private', 'smollm2', 5, 6);
     INSERT INTO message (id, conversation_id, position, variant, selected, role, text, status,
                          model_id, model_name, created_at, finished_at)
     VALUES ('018bcfe5-6800-7000-8000-000000000002', '018bcfe5-6800-7000-8000-000000000001',
             0, 0, 1, 'user', 'What is rhubarb?', 'complete', NULL, NULL, 5, 5),
            ('018bcfe5-6800-7000-8000-000000000003', '018bcfe5-6800-7000-8000-000000000001',
             1, 0, 0, 'assistant', 'A mineral.', 'complete', 'smollm2', 'SmolLM2', 5, 6),
            ('018bcfe5-6800-7000-8000-000000000004', '018bcfe5-6800-7000-8000-000000000001',
             1, 1, 1, 'assistant', 'A vegetable, of', 'streaming', 'smollm2', 'SmolLM2', 6, NULL);",
    "INSERT INTO model (id, kind, name, location, selected, added_at)
     VALUES ('smollm2', 'embedded', 'SmolLM2', 'smollm2.gguf', 1, 4);
     INSERT INTO setting (key, value) VALUES ('theme', '\"dark\"');",
    "",
    "INSERT INTO session (id, use_case_id, use_case_is_users, title, request, scope, split, status, steps,
                          steps_over, events, created_at, updated_at)
     VALUES ('018bcfe5-6800-7000-8000-000000000005', '00000000-0000-7000-8000-000000000001', 0, 'A poem',
             'Write a poem about rhubarb', 'private', 'train', 'needs_user', 1, 0, 1, 7, 8);
     INSERT INTO session_event (session_id, number, event, created_at)
     VALUES ('018bcfe5-6800-7000-8000-000000000005', 0, '{}', 7);
     INSERT INTO example (id, origin, session_id, step_id, use_case_id, scope, split, split_group, state, reason,
                          title, prompt_bytes, rejected_bytes, created_at, updated_at)
     VALUES ('018bcfe5-6800-7000-8000-000000000006', 'session', '018bcfe5-6800-7000-8000-000000000005',
             '018bcfe5-6800-7000-8000-000000000007', '00000000-0000-7000-8000-000000000001', 'private', 'train',
             '018bcfe5-6800-7000-8000-000000000005', 'pending', 'redo', 'Write', 2, 7, 8, 8);
     INSERT INTO example_text (seq, words, text, reasoning)
     VALUES (4, '', '[]', ''), (6, 'too sour', 'Rhubarb', '');
     INSERT INTO trace (generation_id, session_id, agent, model_id, model_name, k, tokens, bytes, created_at,
                        messages, data)
     VALUES ('018bcfe5-6800-7000-8000-000000000008', '018bcfe5-6800-7000-8000-000000000005', 'worker',
             'smollm2', 'SmolLM2', 64, 1, 3, 8, '[]', x'07');
     INSERT INTO product (session_id, name, created_at, updated_at)
     VALUES ('018bcfe5-6800-7000-8000-000000000005', 'A poem', 8, 8);
     INSERT INTO product_version (session_id, number, step_id, attempt_id, by_hand, artifact, created_at)
     VALUES ('018bcfe5-6800-7000-8000-000000000005', 0, '018bcfe5-6800-7000-8000-000000000007',
             '018bcfe5-6800-7000-8000-000000000009', 1, '[]', 8);",
    "INSERT INTO put_aside_scope (example_id, session_id, scope)
     VALUES ('018bcfe5-6800-7000-8000-000000000010', '018bcfe5-6800-7000-8000-000000000005', 'communal');
     INSERT INTO put_aside_text (example_id, side, attempt_id, session_id, text, reasoning)
     VALUES ('018bcfe5-6800-7000-8000-000000000010', 'rejected', '018bcfe5-6800-7000-8000-000000000010',
             '018bcfe5-6800-7000-8000-000000000005', 'Mine', '');",
    "INSERT INTO model (id, kind, name, location, base_model_id, added_at)
     VALUES ('mine', 'trained', 'Mine', 'mine.gguf', 'smollm2', 9);
     INSERT INTO training_run (id, use_case_id, scope, base_model_id, name, status, created_at, updated_at, plan,
                               data, model_id)
     VALUES ('018bcfe5-6800-7000-8000-000000000011', '00000000-0000-7000-8000-000000000001', 'private', 'smollm2',
             'Mine', 'finished', 9, 9, '{}', '{}', 'mine');
     INSERT INTO training_run_row (run_id, example_id, split)
     VALUES ('018bcfe5-6800-7000-8000-000000000011', '018bcfe5-6800-7000-8000-000000000006', 'train');
     INSERT INTO training_metric (run_id, number, metric)
     VALUES ('018bcfe5-6800-7000-8000-000000000011', 0, '{\"loss\": 2.5}');
     INSERT INTO promotion (use_case_id, scope, model_id, run_id, forced, at)
     VALUES ('00000000-0000-7000-8000-000000000001', 'private', 'mine', '018bcfe5-6800-7000-8000-000000000011', 0, 9);",
    "INSERT INTO soft_label (example_id, model_id, model_name, tokenizer, tokens, created_at, data)
     VALUES ('018bcfe5-6800-7000-8000-000000000006', 'smollm2', 'SmolLM2', 'smollm2', 1, 9, x'07');",
];

fn connection(path: &std::path::Path) -> Connection {
    let connection = Connection::open(path).expect("opens");
    form::register(&connection).expect("registers");
    connection
        .pragma_update(None, "foreign_keys", false)
        .expect("set");
    connection
}

#[test]
fn every_earlier_version_becomes_the_present_one() {
    assert_eq!(ROWS.len(), MIGRATIONS.len(), "each version has its rows");
    let mut schemas = Vec::new();
    for version in 0..=MIGRATIONS.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut old = connection(&folder.path().join(STORE_FILE));
        for n in 1..=version {
            migrate(&mut old, &MIGRATIONS[..n]).expect("migrates");
            old.execute_batch(ROWS[n - 1]).expect("rows");
        }
        drop(old);

        let lock = DataFolderLock::acquire(folder.path()).expect("free");
        let mut store = Store::open(lock, &StoreOptions::default()).expect("migrates");
        assert_eq!(
            store.check().expect("checks"),
            CheckReport::default(),
            "from version {version}"
        );
        let page = store.conversations(Some("rhubarb"), 9).expect("searches");
        assert_eq!(
            page.total,
            u32::from(version >= 1),
            "from version {version}"
        );
        for summary in page.items {
            let opened = store.conversation(summary.id).expect("opens");
            assert_eq!(opened.messages[1].text, "A vegetable, of");
            assert_eq!(opened.messages[1].status, MessageStatus::Interrupted);
            assert_eq!(opened.messages[1].variants.len(), 2);
        }
        let models = store.models().expect("lists");
        let with_training = version >= 6;
        assert_eq!(
            models.len(),
            usize::from(version >= 2) + usize::from(with_training)
        );
        assert!(
            models
                .iter()
                .all(|model| (model.id.as_str() == "smollm2") == model.selected)
        );
        for run in store.runs(None).expect("lists") {
            assert_eq!(run.base, models[0].id);
            assert_eq!(store.metrics(run.id).expect("reads").len(), 1);
            let used = store.model_in_use(run.use_case, run.scope).expect("reads");
            assert_eq!(used, run.model);
        }
        assert_eq!(
            store.runs(None).expect("lists").len(),
            usize::from(with_training)
        );
        let sour = ExampleFilter {
            query: Some("sour"),
            ..ExampleFilter::default()
        };
        let found = store.examples(&sour, ExampleOrder::Newest, None, 9);
        let with_sessions = usize::from(version >= 4);
        assert_eq!(found.expect("searches").items.len(), with_sessions);
        let products = store.products(None, 9, 0).expect("lists").items;
        assert_eq!(products.len(), with_sessions);
        let theme: Option<String> = store.setting("theme").expect("reads");
        assert_eq!(theme.is_some(), version >= 2);

        let mut statement = store
            .connection
            .prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
            .expect("a schema");
        let schema: Vec<(String, String, Option<String>)> = statement
            .query_map([], |row| {
                Ok((row.get("type")?, row.get("name")?, row.get("sql")?))
            })
            .expect("a schema")
            .collect::<Result<_, _>>()
            .expect("a schema");
        schemas.push(schema);
    }
    assert!(
        schemas.windows(2).all(|pair| pair[0] == pair[1]),
        "one schema from wherever it came"
    );
}

#[test]
fn a_failing_migration_leaves_the_version_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = connection(&folder.path().join(STORE_FILE));
    let good = Migration {
        name: "good",
        sql: "CREATE TABLE a (x) STRICT",
    };
    let bad = Migration {
        name: "bad",
        sql: "CREATE TABLE b (x INTEGER) STRICT; SELECT nonsense",
    };
    let good = Migration {
        sql: "CREATE TABLE a (x INTEGER) STRICT",
        ..good
    };
    migrate(&mut store, &[good, bad]).expect_err("the second fails");
    let tables: String = store
        .query_row(
            "SELECT group_concat(name) AS names FROM sqlite_schema",
            [],
            |row| row.get("names"),
        )
        .expect("a schema");
    assert_eq!(tables, "a");
    let version: u32 = store
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("a version");
    assert_eq!(version, 1);
}

#[test]
fn a_migration_that_breaks_a_reference_is_not_committed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = connection(&folder.path().join(STORE_FILE));
    let sql = "CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;
               CREATE TABLE b (x INTEGER REFERENCES a (x)) STRICT;
               INSERT INTO b VALUES (1);";
    let error = migrate(
        &mut store,
        &[Migration {
            name: "dangling",
            sql,
        }],
    )
    .expect_err("refused");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    let version: u32 = store
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("a version");
    assert_eq!(version, 0);
}

/// What is in the field must never change: a new need is a new file.
#[test]
fn released_migrations_are_as_they_were_written() {
    let fingerprint = |sql: &str| {
        // FNV-1a: enough to notice an edit, and no dependency.
        sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    };
    let found: Vec<String> = MIGRATIONS
        .iter()
        .map(|migration| format!("{} {:016x}", migration.name, fingerprint(migration.sql)))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @"
    0001_conversations 8e93f0066c97e623
    0002_models_and_settings 4e75cd1fc3e649cf
    0003_search a7b9e61aad0a8202
    0004_sessions 223ca87c4ce3f2bd
    0005_put_aside 8ffbf67a7783f647
    0006_training f9b1002310cdae5d
    0007_soft_labels 020e797b742f3ac5
    ");
}
