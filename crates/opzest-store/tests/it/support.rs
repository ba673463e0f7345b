//! A data folder with ids and a clock that count up.

use opzest_core::conversation::{MessageStatus, ModelName, Scope};
use opzest_core::ids::{ConversationId, MessageId};
use opzest_store::{
    AnswerEnd, BACKUP_FOLDER, BackupFile, BackupOutcome, BackupPolicy, BegunTurn, DataFolderLock,
    Erasure, FinishedAnswer, InConversation, NewTurn, STORE_FILE, Store, StoreError, StoreOptions,
};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    count: std::cell::Cell<u64>,
    _keeps: tempfile::TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let keeps = tempfile::tempdir().expect("a temporary folder");
        Self {
            path: keeps.path().into(),
            count: Default::default(),
            _keeps: keeps,
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path.join(STORE_FILE)
    }

    pub(crate) fn try_open(&self, options: &StoreOptions) -> Result<Store, StoreError> {
        Store::open(DataFolderLock::acquire(&self.path)?, options)
    }

    pub(crate) fn open(&self) -> Store {
        self.try_open(&StoreOptions::default())
            .expect("the store opens")
    }

    pub(crate) fn read_only(&self) -> Store {
        Store::open_read_only(&self.path, &StoreOptions::default()).expect("the store opens")
    }

    /// The next millisecond.
    pub(crate) fn now(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        1_700_000_000_000 + self.count.get()
    }

    pub(crate) fn message_id(&self) -> MessageId {
        MessageId::new(self.now(), [1; 10])
    }

    pub(crate) fn conversation_id(&self) -> ConversationId {
        ConversationId::new(self.now(), [2; 10])
    }

    pub(crate) fn new_conversation(&self) -> InConversation {
        InConversation::New {
            id: self.conversation_id(),
            use_case: None,
            scope: Scope::Private,
        }
    }

    pub(crate) fn ask(
        &self,
        store: &mut Store,
        conversation: InConversation,
        text: &str,
    ) -> Result<BegunTurn, StoreError> {
        let (question, answer) = (self.message_id(), self.message_id());
        let turn = NewTurn {
            conversation,
            question,
            answer,
            text,
            model: &model(),
        };
        store.begin_turn(&turn, self.now())
    }

    pub(crate) fn finish(
        &self,
        store: &mut Store,
        answer: MessageId,
        text: &str,
    ) -> Result<FinishedAnswer, StoreError> {
        store.finish_answer(answer, &complete(text), self.now())
    }

    /// A question with its finished answer.
    pub(crate) fn turn(
        &self,
        store: &mut Store,
        conversation: InConversation,
        question: &str,
        answer: &str,
    ) -> FinishedAnswer {
        let begun = self
            .ask(store, conversation, question)
            .expect("the turn begins");
        self.finish(store, begun.answer.id, answer)
            .expect("the answer ends")
    }

    pub(crate) fn regenerate(
        &self,
        store: &mut Store,
        conversation: ConversationId,
    ) -> Result<BegunTurn, StoreError> {
        store.begin_regeneration(conversation, self.message_id(), &model(), self.now())
    }

    /// Is this text in any file of the folder or of the backups, as it is?
    pub(crate) fn holds(&self, text: &str) -> bool {
        files(&self.path)
            .iter()
            .chain(&files(&self.backup_folder()))
            .any(|(_, bytes)| contains(bytes, text.as_bytes()))
    }

    pub(crate) fn backup_folder(&self) -> PathBuf {
        self.path.join(BACKUP_FOLDER)
    }

    pub(crate) fn back_up(&self, store: &Store) -> BackupFile {
        let upkeep = store.upkeep().expect("a writer");
        match upkeep.back_up(self.now(), &POLICY, &|| true).expect("made") {
            BackupOutcome::Made(backup) => backup,
            BackupOutcome::Stopped => panic!("nobody stopped it"),
        }
    }

    pub(crate) fn backups(&self) -> Vec<BackupFile> {
        opzest_store::backups(&self.path).expect("lists")
    }

    pub(crate) fn erase(&self, store: &Store) -> Erasure {
        let upkeep = store.upkeep().expect("a writer");
        upkeep.erase(self.now(), &POLICY, &|| true).expect("erases")
    }
}

/// On a disk of any size.
pub(crate) const POLICY: BackupPolicy = BackupPolicy {
    latest: 3,
    daily: 7,
    weekly: 4,
    before_schema: 2,
    most_bytes: u64::MAX,
    share_of_disk: 1.0,
    leave_free: 0,
};

/// Every file of a folder with its bytes, by name; of none, if there is no folder.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).expect("a readable file")))
        .collect();
    files.sort();
    files
}

pub(crate) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

pub(crate) fn model() -> ModelName {
    ModelName {
        id: "smollm2".parse().expect("a slug"),
        name: "SmolLM2".into(),
    }
}

pub(crate) fn complete(text: &str) -> AnswerEnd<'_> {
    AnswerEnd {
        status: MessageStatus::Complete,
        text,
        stats: None,
        error: None,
        finish: None,
    }
}
