//! Which file of an artifact is the product's main one, and which are what the user attached.

use opzest_core::artifact::{Artifact, FileName};
use opzest_core::session::State;
use opzest_core::workflow::{ArtifactKind, ProductForm};

/// The file in which a user attaches the schema that a JSON product has to follow.
pub const SCHEMA_FILE: &str = "schema.json";

/// The file that the worker writes first: the product's own, or a file of the same kind that the user
/// brought to be worked on. Others that the user brought are only read.
pub(crate) fn main_file<'a>(form: &'a ProductForm, current: &'a Artifact) -> &'a FileName {
    let is_own = |name: &FileName| *name == form.file;
    let is_like = |name: &FileName| {
        let name = name.as_str();
        name.contains('.') && is_of_kind(name, &form.file) && name != SCHEMA_FILE
    };
    let names = || current.files().iter().map(|file| &file.name);
    match names().any(is_own) {
        true => &form.file,
        false => names().find(|name| is_like(name)).unwrap_or(&form.file),
    }
}

/// Whether a file's name is of the same kind as another's, or of none.
pub(super) fn is_of_kind(name: &str, other: &FileName) -> bool {
    let ending = |name: &str| {
        let (_, ending) = name.rsplit_once('.')?;
        Some(ending.to_ascii_lowercase())
    };
    ending(name).is_none_or(|own| Some(own) == ending(other.as_str()))
}

/// Whether the product has files beside its main one.
pub(super) fn has_several(form: &ProductForm, current: &Artifact) -> bool {
    let main = main_file(form, current);
    current.files().iter().any(|file| {
        let is_code = super::frame::language(&file.name).is_some();
        is_code && file.name != *main && file.name.as_str() != SCHEMA_FILE
    })
}

/// The schema that a session's product has to follow, as JSON text: the workflow's own, else the one that
/// the user attached. `None`: it only has to be well-formed.
pub fn schema(state: &State) -> Option<&str> {
    let form = &state.setup.as_ref()?.workflow.product;
    if form.kind != ArtifactKind::Json {
        return None;
    }
    let mut attached = state.start.artifact.files().iter();
    let attached = attached.find(|file| file.name.as_str() == SCHEMA_FILE);
    let attached = attached.map(|file| file.text.as_str());
    form.schema.as_deref().or(attached)
}
