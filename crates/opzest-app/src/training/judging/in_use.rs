//! What is in use where a new model would stand.

use super::super::rows::{HeldOutWork, Wanted, gather};
use super::super::tokenizer::RuntimeTokenizer;
use super::super::{MEASURING, disk, folder, view, waiting};
use super::scored::{Figures, Material};
use super::{Judged, Served};
use crate::dto::UiError;
use crate::models::registered;
use opzest_core::model::RegisteredModel;
use opzest_dorpo::child::{Job, JobFolder, Texts};
use opzest_dorpo::example::Example;
use opzest_dorpo::export::file_sha256;
use std::path::{Path, PathBuf};

/// The model that does the work now.
pub(super) enum InUse {
    /// On the base that the new one has, too: an adapter, or nothing but the base.
    SameBase(Option<PathBuf>),
    OtherBase(Box<OtherBase>),
}

/// An adapter on another base, with the same held-out work in the tokens of that.
pub(super) struct OtherBase {
    adapter: PathBuf,
    base: RegisteredModel,
    /// Is removed with this.
    folder: tempfile::TempDir,
    examples: Vec<Example>,
    held_out: Vec<HeldOutWork>,
    texts: Texts,
}

impl InUse {
    /// A run that is in use itself is held against what its base does alone.
    pub(super) async fn find(judged: &Judged<'_>) -> Result<Self, UiError> {
        let (use_case, scope) = (judged.run.use_case, judged.run.scope);
        let found = judged
            .app
            .store(move |store| store.model_in_use(use_case, scope))
            .await?;
        let Some(id) = found.filter(|id| Some(id) != judged.run.model.as_ref()) else {
            return Ok(Self::SameBase(None));
        };
        let model = registered(judged.app, &id).await?;
        let adapter = PathBuf::from(&model.details.location);
        match &model.details.base {
            Some(base) if *base == judged.base.id => Ok(Self::SameBase(Some(adapter))),
            Some(base) => {
                let base = registered(judged.app, base).await?;
                let other = OtherBase::read(judged, adapter, base).await?;
                Ok(Self::OtherBase(Box::new(other)))
            }
            None => Ok(Self::SameBase(None)),
        }
    }

    pub(super) fn served(&self, judged: &Judged<'_>) -> Served {
        match self {
            Self::SameBase(adapter) => Served {
                file: judged.base.details.location.clone().into(),
                adapter: adapter.clone(),
            },
            Self::OtherBase(other) => Served {
                file: other.base.details.location.clone().into(),
                adapter: Some(other.adapter.clone()),
            },
        }
    }

    pub(super) async fn score(&self, judged: &Judged<'_>) -> Result<Figures, UiError> {
        match self {
            Self::SameBase(adapter) => judged.material().score(judged.app, adapter.clone()).await,
            Self::OtherBase(other) => {
                let material = Material {
                    folder: &JobFolder::new(other.folder.path()),
                    examples: &other.examples,
                    held_out: &other.held_out,
                    texts: &other.texts,
                };
                material
                    .score(judged.app, Some(other.adapter.clone()))
                    .await
            }
        }
    }
}

impl OtherBase {
    async fn read(
        judged: &Judged<'_>,
        adapter: PathBuf,
        base: RegisteredModel,
    ) -> Result<Self, UiError> {
        let file = PathBuf::from(&base.details.location);
        let model = waiting::local(judged.app, &file).await?;
        let tokenizer = RuntimeTokenizer::new(model, &base.id).await?;
        let wanted = Wanted {
            use_case: judged.run.use_case,
            scope: judged.run.scope,
            max_tokens: judged.max_tokens,
            soft_labels: view::plan(judged.run).is_none_or(|plan| plan.settings.soft_labels),
        };
        let gathered = gather(judged.app, wanted, tokenizer).await?;
        let job = judged.folder.read().map_err(|source| disk(&source))?;
        let other = Self {
            adapter,
            base,
            folder: tempfile::Builder::new()
                .prefix(MEASURING)
                .tempdir_in(folder(judged.app)?)
                .map_err(|source| disk(&source))?,
            examples: gathered.prepared.held_out,
            held_out: gathered.held_out,
            texts: gathered.texts,
        };
        let job = Job {
            base_sha256: hash(&file).await?,
            base: file,
            ..job
        };
        JobFolder::new(other.folder.path())
            .create(&job, (Vec::new(), other.examples.clone()), &other.texts)
            .map_err(|source| disk(&source))?;
        Ok(other)
    }
}

async fn hash(file: &Path) -> Result<String, UiError> {
    let file = file.to_owned();
    let hashed = tokio::task::spawn_blocking(move || file_sha256(&file)).await;
    let hashed = hashed.map_err(|failed| crate::app::panicked(&failed))?;
    hashed.map_err(|source| disk(&source))
}
