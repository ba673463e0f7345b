//! The models that OpZest knows by name: `models/catalog.toml`, compiled in.

use opzest_core::ids::ModelId;
use opzest_core::model::{ModelDetails, ModelKind, ModelMetadata};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// One entry. Fields that only the fetching script needs are left out.
#[derive(Debug, Clone, Deserialize)]
pub struct CatalogEntry {
    pub id: ModelId,
    pub name: String,
    pub file: String,
    pub bytes: u64,
    pub licence: String,
    pub architecture: String,
    pub parameters: u64,
    pub quantisation: String,
    pub trained_context: u32,
}

#[derive(Deserialize)]
struct Catalog {
    model: Vec<CatalogEntry>,
}

/// The model that comes with the app.
pub fn embedded() -> CatalogEntry {
    let catalog: Catalog = toml::from_str(include_str!("../../../models/catalog.toml"))
        .expect("models/catalog.toml is checked by a test");
    catalog
        .model
        .into_iter()
        .next()
        .expect("the catalog's first entry is the embedded model")
}

impl CatalogEntry {
    /// The file in the first folder that has it; if none has, in the last one, so that an error names a
    /// place where it can be put.
    pub fn locate(&self, folders: &[PathBuf]) -> PathBuf {
        let path = |folder: &PathBuf| folder.join(&self.file);
        let found = folders.iter().map(path).find(|path| path.is_file());
        let path = found
            .or_else(|| folders.last().map(path))
            .unwrap_or_else(|| self.file.clone().into());
        path.canonicalize().unwrap_or(path)
    }

    pub fn details(&self, path: &Path) -> ModelDetails {
        ModelDetails {
            kind: ModelKind::Embedded,
            name: self.name.clone(),
            location: path.to_string_lossy().into_owned(),
            remote_name: None,
            base: None,
            metadata: ModelMetadata {
                file_bytes: Some(self.bytes),
                file_modified_at: None,
                architecture: Some(self.architecture.clone()),
                parameter_count: Some(self.parameters),
                quantisation: Some(self.quantisation.clone()),
                trained_context: Some(self.trained_context),
                licence: Some(self.licence.clone()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_catalog_is_readable() {
        let entry = super::embedded();
        assert_eq!(entry.id.as_str(), "smollm2-135m-instruct-q4_1");
        assert_eq!(entry.bytes, 98_362_432);
    }
}
