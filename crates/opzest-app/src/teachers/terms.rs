//! What a teacher's maker says about training on its answers: `models/terms.toml`, compiled in.

use crate::dto::{TeacherTerms, TermsKind};
use opzest_core::model::{ModelDetails, ModelKind};
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    host: Vec<String>,
    #[serde(default)]
    name: Vec<String>,
    kind: TermsKind,
    words: String,
}

#[derive(Deserialize)]
struct Table {
    terms: Vec<Entry>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../../models/terms.toml"))
        .expect("models/terms.toml is checked by a test")
});

pub(super) fn terms_of(model: &ModelDetails) -> TeacherTerms {
    let host = (model.kind == ModelKind::Remote).then(|| host_of(&model.location));
    let names = [Some(&model.name), model.remote_name.as_ref()];
    let names: Vec<_> = names
        .into_iter()
        .flatten()
        .map(|name| name.to_lowercase())
        .collect();
    let fits = |entry: &&Entry| {
        let on = |wanted: &String| host.as_deref().is_some_and(|host| is_within(host, wanted));
        let called = |part: &String| names.iter().any(|name| name.contains(part.as_str()));
        entry.host.iter().any(on) || entry.name.iter().any(called)
    };
    if let Some(entry) = TABLE.terms.iter().find(fits) {
        return TeacherTerms {
            kind: entry.kind,
            words: entry.words.clone(),
        };
    }
    match model.metadata.licence.as_deref() {
        Some(licence) if is_open(licence) => TeacherTerms {
            kind: TermsKind::Allowed,
            words: format!("Its file names the licence {licence}: you may train on its answers."),
        },
        Some(licence) => TeacherTerms {
            kind: TermsKind::Unknown,
            words: format!(
                "Its file names the licence {licence}. Read it before you share what you train."
            ),
        },
        None => TeacherTerms {
            kind: TermsKind::Unknown,
            words: "Its terms are not known to OpZest. Read them before you share what you train."
                .into(),
        },
    }
}

fn is_open(licence: &str) -> bool {
    let licence = licence.to_lowercase();
    ["apache", "mit", "bsd", "cc0", "cc-by-4"]
        .iter()
        .any(|open| licence.starts_with(open))
}

/// The host of `https://host:port/path`.
fn host_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_lowercase()
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|sub| sub.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use opzest_core::model::ModelMetadata;

    fn kind(kind: ModelKind, location: &str, name: &str, licence: Option<&str>) -> TermsKind {
        let metadata = ModelMetadata {
            licence: licence.map(str::to_owned),
            ..ModelMetadata::default()
        };
        let details = ModelDetails {
            kind,
            name: name.into(),
            location: location.into(),
            base: None,
            remote_name: None,
            metadata,
        };
        terms_of(&details).kind
    }

    #[test]
    fn known_makers_are_recognised() {
        use ModelKind::{File, Remote};
        let openai = "https://api.openai.com/v1";
        assert_eq!(kind(Remote, openai, "whatever", None), TermsKind::Forbidden);
        assert_eq!(
            kind(Remote, "https://notopenai.com/v1", "x", None),
            TermsKind::Unknown
        );
        assert_eq!(
            kind(File, "/m.gguf", "SmolLM2 135M", None),
            TermsKind::Allowed
        );
        assert_eq!(
            kind(File, "/m.gguf", "Qwen2.5-3B-Instruct", None),
            TermsKind::Conditions
        );
        assert_eq!(
            kind(File, "/m.gguf", "Qwen2.5-7B-Instruct", None),
            TermsKind::Allowed
        );
        assert_eq!(
            kind(File, "/m.gguf", "Meta-Llama-3.1-8B", None),
            TermsKind::Conditions
        );
        assert_eq!(
            kind(Remote, "http://10.0.0.2:8080", "gpt-oss-20b", None),
            TermsKind::Allowed
        );
        assert_eq!(
            kind(File, "/m.gguf", "Mine", Some("apache-2.0")),
            TermsKind::Allowed
        );
        assert_eq!(
            kind(File, "/m.gguf", "Mine", Some("other")),
            TermsKind::Unknown
        );
    }
}
