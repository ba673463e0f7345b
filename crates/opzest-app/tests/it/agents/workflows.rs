//! Workflow files: the bundled ones and the user's.

use opzest_app::workflows::{FOLDER, WorkflowSource, Workflows};
use std::path::Path;

const OWN: &str = include_str!("../../../../../assets/workflows/script.toml");

fn own(id: &str) -> String {
    OWN.replace("id = \"script\"", &format!("id = \"{id}\""))
}

fn load(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Workflows) {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join(FOLDER);
    std::fs::create_dir(&folder).expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("writes");
    }
    let workflows = Workflows::load(data.path());
    (data, workflows)
}

fn ids(workflows: &Workflows) -> Vec<&str> {
    let ids = workflows
        .entries
        .iter()
        .map(|entry| entry.workflow.id.as_str());
    ids.collect()
}

#[test]
fn four_workflows_come_with_the_app() {
    let workflows = Workflows::load(Path::new("/there/is/no/such/folder"));
    assert_eq!(ids(&workflows), ["document", "script", "page", "data"]);
    assert_eq!(workflows, Workflows::bundled());
    for entry in &workflows.entries {
        let templates = entry.workflow.templates.len();
        assert!((3..=4).contains(&templates), "{}", entry.workflow.id);
        assert_eq!(entry.source, WorkflowSource::Bundled);
    }
}

#[test]
fn the_users_files_add_and_replace() {
    let (_data, workflows) = load(&[
        ("a.toml", own("my-scripts").as_bytes()),
        (
            "b.toml",
            own("script")
                .replace("name = \"Script\"", "name = \"Mine\"")
                .as_bytes(),
        ),
        ("notes.txt", b"not a workflow"),
    ]);
    assert_eq!(
        ids(&workflows),
        ["document", "script", "page", "data", "my-scripts"]
    );
    assert_eq!(workflows.entries[1].workflow.name, "Mine");
    assert!(matches!(
        &workflows.entries[1].source,
        WorkflowSource::File { replaces: true, path } if path.ends_with("b.toml")
    ));
    assert_eq!(workflows.faults, []);
}

#[test]
fn broken_files_are_told_and_hide_nothing() {
    let broken_template = own("t").replace("{% if previous %}", "{% if previous");
    let unknown_name = own("u").replace("{{ step }}", "{{ stpe }}");
    let unused = own("v").replace("{{ instruction }}", "it");
    let huge = vec![b'#'; 300 << 10];
    let (data, workflows) = load(&[
        ("a.toml", b"id = "),
        ("b.toml", b"id = \"x\"\nname = \"caf\xe9\""),
        ("c.toml", broken_template.as_bytes()),
        ("d.toml", unknown_name.as_bytes()),
        ("e.toml", unused.as_bytes()),
        ("f.toml", &huge),
        ("g.toml", own("good").as_bytes()),
        ("h.toml", own("good").as_bytes()),
        (
            "i.toml",
            own("script")
                .replace("attempts = 3", "attempts = 300")
                .as_bytes(),
        ),
    ]);
    assert_eq!(
        ids(&workflows),
        ["document", "script", "page", "data", "good"]
    );
    assert_eq!(workflows.entries[1].source, WorkflowSource::Bundled);
    let folder = data.path().display().to_string();
    let faults: Vec<_> = workflows
        .faults
        .iter()
        .map(|fault| fault.to_string().replace(&folder, "DATA"))
        .collect();
    insta::assert_snapshot!(faults.join("\n"));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join(FOLDER);
    std::fs::create_dir_all(folder.join("folder.toml")).expect("a folder");
    nix::unistd::mkfifo(&folder.join("pipe.toml"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    std::os::unix::fs::symlink("/there/is/nothing", folder.join("link.toml")).expect("a link");
    let workflows = Workflows::load(data.path());
    assert_eq!(ids(&workflows), ["document", "script", "page", "data"]);
    assert_eq!(workflows.faults.len(), 3);
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let data = tempfile::tempdir().expect("a folder");
    std::fs::write(data.path().join(FOLDER), "a file").expect("writes");
    let workflows = Workflows::load(data.path());
    assert_eq!(ids(&workflows).len(), 4);
    assert_eq!(workflows.faults.len(), 1);
}
