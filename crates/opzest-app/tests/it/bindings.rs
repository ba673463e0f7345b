//! The committed TypeScript bindings are those that the Rust types and the command table give.

use std::path::Path;

/// Fails when the file is stale; with `UPDATE_BINDINGS=1` (`make bindings`) it is written anew.
#[test]
fn bindings_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/bindings/index.ts");
    let wanted = opzest_app::commands::typescript();
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(&path, &wanted).expect("writes");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is stale: run `make bindings`",
        path.display()
    );
}
