//! The arrows between the crates, and rules that hold for every source file.
//!
//! Reads `cargo metadata` and the files of the repository; the rules themselves are plain functions over
//! what was read, so that made-up violations can test them. What a crate does with the dependencies
//! that it may have is not checked here.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crates of ours a crate may depend on. A crate that is missing here is a violation, so that a
/// new one gets its place before its first arrow.
const ARROWS: &[(&str, &[&str])] = &[
    ("opzest-core", &[]),
    ("opzest-store", &["opzest-core"]),
    ("opzest-llm", &["opzest-core"]),
    ("opzest-dorpo", &["opzest-core"]),
    ("opzest-sandbox", &["opzest-core"]),
    ("opzest-sync", &["opzest-core"]),
    (
        "opzest-app",
        &[
            "opzest-core",
            "opzest-store",
            "opzest-llm",
            "opzest-dorpo",
            "opzest-sandbox",
            "opzest-sync",
        ],
    ),
    ("opzest-serve", &["opzest-core", "opzest-app"]),
    (
        "opzest-rig",
        &["opzest-core", "opzest-llm", "opzest-dorpo", "opzest-sync"],
    ),
    (
        "opzest-cli",
        &["opzest-core", "opzest-app", "opzest-serve", "opzest-rig"],
    ),
    (
        "opzest-desktop",
        &["opzest-core", "opzest-app", "opzest-serve"],
    ),
];

/// An outside library (or a family of them) that only some crates may use.
struct Reserved {
    library: &'static str,
    /// Also every library whose name starts so.
    family: &'static str,
    users: &'static [&'static str],
    /// May use it in their tests only.
    test_users: &'static [&'static str],
}

const RESERVED: &[Reserved] = &[
    Reserved {
        library: "tauri",
        family: "tauri-",
        users: &["opzest-desktop"],
        test_users: &[],
    },
    Reserved {
        library: "gtk",
        family: "webkit2gtk",
        users: &["opzest-desktop"],
        test_users: &[],
    },
    Reserved {
        library: "rusqlite",
        family: "libsqlite3-",
        users: &["opzest-store", "opzest-rig"],
        test_users: &[],
    },
    Reserved {
        library: "candle",
        family: "candle-",
        users: &["opzest-dorpo"],
        test_users: &[],
    },
    Reserved {
        library: "llama-cpp",
        family: "llama-cpp-",
        users: &["opzest-llm"],
        test_users: &[],
    },
    Reserved {
        library: "axum",
        family: "axum-",
        users: &["opzest-serve", "opzest-rig"],
        // Its tests talk to servers of their own.
        test_users: &["opzest-llm"],
    },
];

/// The core takes time and randomness as arguments, and neither waits nor reads: these would let it.
const NOT_IN_CORE: &[&str] = &[
    "async-trait",
    "chrono",
    "futures",
    "rand",
    "reqwest",
    "time",
    "tokio",
    "tokio-util",
];

const MOST_LINES: usize = 599;

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
    manifest_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `None` for an ordinary one, else "dev" or "build".
    kind: Option<String>,
}

fn forbidden_arrows(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut violations = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            violations.push(format!("{name} has no place in ARROWS yet"));
            continue;
        };
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            if ours.contains(to) && !allowed.contains(&to) {
                let allowed = if allowed.is_empty() {
                    "none".into()
                } else {
                    allowed.join(", ")
                };
                violations.push(format!(
                    "{name} depends on {to}; of our crates it may use: {allowed}"
                ));
            }
        }
    }
    violations
}

fn misused_libraries(packages: &[Package]) -> Vec<String> {
    let mut violations = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        for dependency in &package.dependencies {
            let library = dependency.name.as_str();
            for rule in RESERVED {
                if library != rule.library && !library.starts_with(rule.family) {
                    continue;
                }
                let in_tests = dependency.kind.as_deref() == Some("dev");
                let allowed =
                    rule.users.contains(&name) || (in_tests && rule.test_users.contains(&name));
                if !allowed {
                    violations.push(format!(
                        "{name} depends on {library}; only {} may",
                        rule.users.join(", ")
                    ));
                }
            }
            let ordinary = dependency.kind.is_none();
            if name == "opzest-core" && ordinary && NOT_IN_CORE.contains(&library) {
                violations.push(format!("{name} depends on {library}; the core is pure"));
            }
        }
    }
    violations
}

/// Every manifest takes the workspace's lints, or a crate would silently go without.
fn missing_lints(name: &str, manifest: &str) -> Option<String> {
    let inherits = manifest
        .parse::<toml::Table>()
        .ok()
        .and_then(|table| table.get("lints")?.get("workspace")?.as_bool());
    (inherits != Some(true)).then(|| format!("{name} does not take the workspace's lints"))
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let source = [".rs", ".ts", ".svelte"]
        .iter()
        .any(|extension| path.ends_with(extension));
    let generated = path.starts_with("ui/src/lib/bindings/");
    let lines = text.lines().count();
    (source && !generated && lines > MOST_LINES)
        .then(|| format!("{path} has {lines} lines; the most is {MOST_LINES}"))
}

/// Where packages come from is the package clients' own configuration: a host in a source would
/// bypass a user's mirror. Written in pieces, as this file is a source, too.
fn registry_hosts() -> [String; 6] {
    [
        ["crates", "io"],
        ["pypi", "org"],
        ["pythonhosted", "org"],
        ["npmjs", "org"],
        ["npmjs", "com"],
        ["deb.debian", "org"],
    ]
    .map(|parts| parts.join("."))
}

fn names_a_registry(path: &str, text: &str) -> Vec<String> {
    // Cargo writes the registry of each crate into its lock file and cannot leave it out.
    if path == "Cargo.lock" {
        return Vec::new();
    }
    let hosts = registry_hosts();
    text.lines()
        .enumerate()
        .flat_map(|(index, line)| {
            hosts
                .iter()
                .filter(|host| line.contains(host.as_str()))
                .map(move |host| format!("{path}:{} names the package registry {host}", index + 1))
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies two folders below the repository's root")
        .to_path_buf()
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo's metadata");
    metadata.packages
}

/// Every text file that belongs to the repository, with its path from the root.
fn sources(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
    const NOT_OURS: &[&str] = &[
        ".git",
        "target",
        "node_modules",
        "dist",
        "gen",
        "test-results",
        "__pycache__",
        ".venv",
    ];
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let entry = entry.expect("an entry of it");
        let kind = entry.file_type().expect("its kind");
        let path = entry.path();
        if kind.is_dir() {
            if !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
                sources(&path, root, found);
            }
        } else if kind.is_file()
            && entry
                .metadata()
                .is_ok_and(|metadata| metadata.len() < 2 << 20)
        {
            // What is not UTF-8 is a picture or a font.
            if let Ok(text) = std::fs::read_to_string(&path) {
                let path = path.strip_prefix(root).expect("inside the root");
                found.push((path.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
}

fn assert_none(violations: &[String]) {
    let mut message = String::new();
    for violation in violations {
        let _ = writeln!(message, "  {violation}");
    }
    assert!(
        violations.is_empty(),
        "the architecture is violated (docs/architecture.md):\n{message}"
    );
}

#[test]
fn crates_depend_only_downwards() {
    assert_none(&forbidden_arrows(&packages()));
}

#[test]
fn reserved_libraries_are_used_only_where_they_belong() {
    assert_none(&misused_libraries(&packages()));
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    let violations: Vec<_> = packages()
        .iter()
        .filter_map(|package| {
            let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
            missing_lints(&package.name, &manifest)
        })
        .collect();
    assert_none(&violations);
}

#[test]
fn sources_are_short_and_name_no_registry() {
    let mut files = Vec::new();
    sources(&root(), &root(), &mut files);
    assert!(
        files.iter().any(|(path, _)| path == "Cargo.toml"),
        "the walk found no sources"
    );
    let mut violations: Vec<_> = files
        .iter()
        .filter_map(|(path, text)| too_long(path, text))
        .collect();
    violations.extend(
        files
            .iter()
            .flat_map(|(path, text)| names_a_registry(path, text)),
    );
    assert_none(&violations);
}

/// The checks above on made-up repositories that break one rule each.
mod checker {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        Package {
            name: name.into(),
            manifest_path: PathBuf::new(),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).into(),
                    kind: kind.map(str::to_owned),
                })
                .collect(),
        }
    }

    #[test]
    fn a_sound_graph_passes() {
        let packages = [
            package("opzest-core", &[("serde", None), ("tokio", Some("dev"))]),
            package(
                "opzest-llm",
                &[("opzest-core", None), ("axum", Some("dev"))],
            ),
            package("opzest-app", &[("opzest-llm", None), ("opzest-core", None)]),
            package(
                "opzest-desktop",
                &[("opzest-app", None), ("tauri-build", Some("build"))],
            ),
        ];
        assert_eq!(forbidden_arrows(&packages), [""; 0]);
        assert_eq!(misused_libraries(&packages), [""; 0]);
    }

    #[test]
    fn an_arrow_upwards_names_both_ends() {
        let packages = [
            package("opzest-core", &[("opzest-store", None)]),
            package(
                "opzest-store",
                &[("opzest-core", None), ("opzest-llm", Some("dev"))],
            ),
            package("opzest-llm", &[]),
        ];
        assert_eq!(
            forbidden_arrows(&packages),
            [
                "opzest-core depends on opzest-store; of our crates it may use: none",
                "opzest-store depends on opzest-llm; of our crates it may use: opzest-core",
            ]
        );
    }

    #[test]
    fn a_crate_without_a_place_is_named() {
        assert_eq!(
            forbidden_arrows(&[package("opzest-utils", &[])]),
            ["opzest-utils has no place in ARROWS yet"]
        );
    }

    #[test]
    fn a_reserved_library_elsewhere_is_named() {
        let packages = [
            package(
                "opzest-app",
                &[("tauri-plugin-dialog", None), ("axum", Some("dev"))],
            ),
            package(
                "opzest-cli",
                &[("rusqlite", None), ("candle-core", Some("build"))],
            ),
            package("opzest-llm", &[("axum", None), ("llama-cpp-sys-2", None)]),
            package("opzest-store", &[("llama-cpp-2", None), ("rusqlite", None)]),
            package("opzest-core", &[("tokio", None)]),
        ];
        assert_eq!(
            misused_libraries(&packages),
            [
                "opzest-app depends on tauri-plugin-dialog; only opzest-desktop may",
                "opzest-app depends on axum; only opzest-serve, opzest-rig may",
                "opzest-cli depends on rusqlite; only opzest-store, opzest-rig may",
                "opzest-cli depends on candle-core; only opzest-dorpo may",
                "opzest-llm depends on axum; only opzest-serve, opzest-rig may",
                "opzest-store depends on llama-cpp-2; only opzest-llm may",
                "opzest-core depends on tokio; the core is pure",
            ]
        );
    }

    #[test]
    fn lints_must_be_inherited() {
        assert_eq!(missing_lints("a", "[lints]\nworkspace = true"), None);
        assert_eq!(
            missing_lints("a", "[lints.rust]\nunused = 'deny'").as_deref(),
            Some("a does not take the workspace's lints")
        );
    }

    #[test]
    fn long_sources_are_named_and_generated_ones_are_not() {
        let text = "\n".repeat(600);
        assert_eq!(
            too_long("crates/a/src/lib.rs", &text).as_deref(),
            Some("crates/a/src/lib.rs has 600 lines; the most is 599")
        );
        assert!(too_long("ui/src/App.svelte", &text).is_some());
        assert_eq!(too_long("crates/a/src/lib.rs", &"\n".repeat(599)), None);
        assert_eq!(too_long("ui/src/lib/bindings/types.ts", &text), None);
        assert_eq!(too_long("docs/long.md", &text), None);
    }

    #[test]
    fn a_registry_host_is_named_with_its_line() {
        let host = &registry_hosts()[1];
        let text = format!("fine\nindex = https://{host}/simple\n");
        assert_eq!(
            names_a_registry("scripts/a.sh", &text),
            [format!("scripts/a.sh:2 names the package registry {host}")]
        );
        assert_eq!(names_a_registry("Cargo.lock", &text), [""; 0]);
    }
}
