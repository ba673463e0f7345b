//! What the elements of a page make a browser load.

use super::html::Start;

pub(super) fn addresses(start: &Start) -> Vec<&str> {
    let get = |name: &str| start.attribute(name);
    let set = |name: &str| {
        let set = get(name).filter(|set| !set.trim_start().starts_with("data:"));
        let each = set.into_iter().flat_map(|set| set.split(','));
        each.filter_map(|one| one.split_whitespace().next())
    };
    match start.name.as_str() {
        "script" | "audio" | "track" | "iframe" | "embed" | "input" => {
            get("src").into_iter().collect()
        }
        "img" | "source" => get("src").into_iter().chain(set("srcset")).collect(),
        "video" => get("src").into_iter().chain(get("poster")).collect(),
        "object" => get("data").into_iter().collect(),
        "image" | "use" => get("href").into_iter().chain(get("xlink:href")).collect(),
        "base" => get("href").into_iter().collect(),
        "link" if loads(get("rel").unwrap_or("")) => get("href").into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Links of other kinds only say something about the page.
fn loads(relation: &str) -> bool {
    let mut words = relation.split_whitespace();
    words.any(|word| {
        [
            "stylesheet",
            "icon",
            "preload",
            "modulepreload",
            "prefetch",
            "preconnect",
            "dns-prefetch",
            "manifest",
        ]
        .iter()
        .any(|kind| word.eq_ignore_ascii_case(kind))
    })
}
