//! `opzest dataset` and `opzest teachers`, on rows of a file: no model is asked anything.

use crate::support::{Place, stderr, stdout};
use serde_json::{Value, json};

fn json_of(place: &Place, arguments: &[&str]) -> Value {
    let output = place.run(arguments, "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

fn told(place: &Place, arguments: &[&str], code: i32) -> String {
    let output = place.run(arguments, "");
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    stdout(&output) + &stderr(&output)
}

/// With a file of two good lines and a bad one.
fn place_with_file() -> (Place, String) {
    let place = Place::new();
    let file = place.file("rows.jsonl");
    let rows = [
        json!({ "prompt": "A poem about zebras", "chosen": "Stripes", "rejected": "Spots \u{1b}[31m" }),
        json!({ "prompt": "nonsense" }),
        json!({ "prompt": "A joke", "chosen": "Knock, knock" }),
    ];
    std::fs::write(&file, rows.map(|row| row.to_string()).join("\n")).expect("written");
    let file = file.to_str().expect("UTF-8").to_owned();
    (place, file)
}

#[test]
fn rows_are_imported_listed_shown_and_deleted() {
    let (place, file) = place_with_file();
    let said = told(
        &place,
        &["dataset", "import", &file, "--use-case", "Verses"],
        0,
    );
    assert!(said.contains("Line 2: `chosen` is missing."), "{said}");
    assert!(
        said.contains("2 rows added, 0 there already, 1 bad."),
        "{said}"
    );
    let again = json_of(
        &place,
        &["dataset", "import", &file, "--use-case", "Verses", "--json"],
    );
    assert_eq!(
        (&again["added"], &again["duplicates"]),
        (&json!(0), &json!(2))
    );

    let people = told(&place, &["dataset", "list"], 0);
    assert!(people.starts_with("  1  A joke "), "{people}");
    let list = |arguments: &[&str]| {
        json_of(
            &place,
            &[&["dataset", "list", "--json"], arguments].concat(),
        )
    };
    assert_eq!(list(&[])["total"], 2);
    assert_eq!(
        list(&["--search", "zebras"])["items"][0]["title"],
        "A poem about zebras"
    );
    assert_eq!(list(&["--use-case", "verses", "--complete"])["total"], 2);
    assert_eq!(list(&["--pending"])["total"], 0);
    let unknown = told(&place, &["dataset", "list", "--use-case", "Prose"], 1);
    assert!(unknown.contains("There is no use case `Prose`.") && unknown.contains("Verses"));

    let shown = told(&place, &["dataset", "show", "2"], 0);
    for part in [
        "A poem about zebras",
        "chosen",
        "Stripes",
        "rejected",
        "Spots",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let id = list(&[])["items"][1]["id"].clone();
    let id = id.as_str().expect("an id");
    assert_eq!(
        json_of(&place, &["dataset", "show", id, "--json"])["chosen"]["text"],
        "Stripes"
    );

    let refused = told(&place, &["dataset", "delete", id, "1"], 1);
    assert!(refused.contains("This deletes 2 rows"), "{refused}");
    assert_eq!(list(&[])["total"], 2);
    let deleted = told(&place, &["dataset", "delete", id, "--yes"], 0);
    assert!(deleted.contains("Deleted 1 row."), "{deleted}");
    assert_eq!(list(&[])["total"], 1);
    let missing = told(&place, &["dataset", "show", "2"], 1);
    assert!(
        missing.contains("There is no row 2: the list has 1 row."),
        "{missing}"
    );
}

#[test]
fn rows_are_exported_and_counted() {
    let (place, file) = place_with_file();
    let none = place.file("none.jsonl");
    let none = none.to_str().expect("UTF-8");
    let nothing = told(&place, &["dataset", "export", none], 1);
    assert!(
        nothing.contains("There are no finished rows to export."),
        "{nothing}"
    );
    told(&place, &["dataset", "import", &file], 0);

    for name in ["out.jsonl", "out.PARQUET"] {
        let out = place.file(name);
        let out = out.to_str().expect("UTF-8");
        let done = json_of(&place, &["dataset", "export", out, "--json"]);
        assert_eq!((&done["rows"], &done["pending"]), (&json!(2), &json!(0)));
        let there = told(&place, &["dataset", "export", out], 1);
        assert!(there.contains("was not replaced"), "{there}");
        let one = told(
            &place,
            &["dataset", "export", out, "--replace", "--search", "joke"],
            0,
        );
        assert!(one.contains("Wrote 1 row to "), "{one}");
        let back = json_of(&place, &["dataset", "import", out, "--json"]);
        assert_eq!(
            (&back["added"], &back["duplicates"]),
            (&json!(0), &json!(1))
        );
    }
    let unknown = told(&place, &["dataset", "export", "rows.csv"], 1);
    assert!(unknown.contains(".jsonl or .parquet"), "{unknown}");

    let stats = json_of(&place, &["dataset", "stats", "--json"]);
    assert_eq!(
        (&stats[0]["complete"], &stats[0]["paired"]),
        (&json!(2), &json!(1))
    );
    let people = told(&place, &["dataset", "stats"], 0);
    assert!(people.contains("2 of 30 finished results."), "{people}");
    assert!(people.contains("Accept 28 more results."), "{people}");

    let empty = place.file("empty.jsonl");
    std::fs::write(&empty, "").expect("written");
    let empty = told(
        &place,
        &["dataset", "import", empty.to_str().expect("UTF-8")],
        1,
    );
    assert!(empty.contains("There are no rows in"), "{empty}");
}

#[test]
fn teachers_are_added_chosen_and_removed() {
    let place = Place::new();
    let added = place.run(
        &[
            "teachers",
            "add",
            "http://127.0.0.1:9/v1",
            "big",
            "--name",
            "Big one",
        ],
        "",
    );
    assert_eq!(added.status.code(), Some(0), "{}", stderr(&added));
    let id = stdout(&added).trim().to_owned();
    let view = json_of(&place, &["teachers", "list", "--json"]);
    let teacher = &view["teachers"][1];
    assert_eq!(
        (&teacher["model"]["id"], &teacher["traceK"]),
        (&json!(id), &Value::Null)
    );

    let own = view["teachers"][0]["model"]["id"].as_str().expect("an id");
    let set = told(&place, &["teachers", "set", "worker", &id, own], 0);
    assert!(set.contains(&format!("worker   {id}, {own}\n")), "{set}");
    let people = told(&place, &["teachers", "list"], 0);
    assert!(
        people.contains("not tested yet") && people.contains("this computer"),
        "{people}"
    );
    let twice = told(&place, &["teachers", "set", "worker", &id, &id], 1);
    assert!(twice.contains("twice"), "{twice}");
    let tested = told(&place, &["teachers", "test", &id], 1);
    assert!(tested.starts_with("error: "), "{tested}");

    told(&place, &["teachers", "remove", &id], 0);
    let view = json_of(&place, &["teachers", "list", "--json"]);
    assert_eq!(view["teachers"].as_array().map(Vec::len), Some(1));
    let keyless = told(
        &place,
        &["teachers", "add", "http://127.0.0.1:9/v1", "big", "--key"],
        1,
    );
    assert!(keyless.contains("no key on standard input"), "{keyless}");
}
