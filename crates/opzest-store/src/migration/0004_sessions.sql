-- Sessions with their logs, the dataset, traces and products.

ALTER TABLE use_case ADD COLUMN workflow_id TEXT;
ALTER TABLE use_case ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0 CHECK (created_at >= 0);
CREATE UNIQUE INDEX use_case_name ON use_case (name COLLATE NOCASE);
-- The use case of a workflow's sessions, unless the user says otherwise.
CREATE UNIQUE INDEX use_case_of_workflow ON use_case (workflow_id) WHERE workflow_id IS NOT NULL;

CREATE TABLE session (
  seq               INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
  use_case_id       TEXT NOT NULL REFERENCES use_case (id),
  -- Else it follows the workflow, which may be chosen later.
  use_case_is_users INTEGER NOT NULL CHECK (use_case_is_users IN (0, 1)),
  title             TEXT NOT NULL,
  title_is_users    INTEGER NOT NULL DEFAULT 0 CHECK (title_is_users IN (0, 1)),
  request           TEXT NOT NULL,
  scope             TEXT NOT NULL CHECK (scope IN ('private', 'communal')),
  split             TEXT NOT NULL CHECK (split IN ('train', 'held_out')),
  -- As it was when it was chosen; no reference: workflows are files.
  workflow_id       TEXT,
  workflow_version  INTEGER,
  workflow_name     TEXT,
  artifact_kind     TEXT,
  status            TEXT NOT NULL CHECK (status IN ('working', 'needs_user', 'finished', 'stopped')),
  steps             INTEGER NOT NULL CHECK (steps >= 0),
  steps_over        INTEGER NOT NULL CHECK (steps_over BETWEEN 0 AND steps),
  -- How long the log is: two writers notice each other by it.
  events            INTEGER NOT NULL CHECK (events >= 0),
  created_at        INTEGER NOT NULL CHECK (created_at >= 0),
  updated_at        INTEGER NOT NULL CHECK (updated_at >= 0),
  CHECK ((workflow_id IS NULL) = (workflow_version IS NULL)
     AND (workflow_id IS NULL) = (workflow_name IS NULL)
     AND (workflow_id IS NULL) = (artifact_kind IS NULL))
) STRICT;

CREATE INDEX session_by_use_case ON session (use_case_id);
CREATE INDEX session_newest ON session (updated_at DESC, id DESC);

-- Append-only: what a session is.
CREATE TABLE session_event (
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  number     INTEGER NOT NULL CHECK (number >= 0),
  -- JSON of the domain's Event.
  event      TEXT NOT NULL,
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  PRIMARY KEY (session_id, number)
) STRICT;

-- A row of the dataset. Its texts are in example_text, so that lists and counts read little.
CREATE TABLE example (
  seq                     INTEGER PRIMARY KEY,
  id                      TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
  origin                  TEXT NOT NULL,
  session_id              TEXT REFERENCES session (id) ON DELETE CASCADE,
  step_id                 TEXT,
  import_id               TEXT,
  -- Those of the session, kept here because everything is selected by them.
  use_case_id             TEXT NOT NULL REFERENCES use_case (id),
  workflow_id             TEXT,
  scope                   TEXT NOT NULL CHECK (scope IN ('private', 'communal')),
  split                   TEXT NOT NULL CHECK (split IN ('train', 'held_out')),
  -- What shares a split: the session's id, or what an import calls a group.
  split_group             TEXT NOT NULL,
  state                   TEXT NOT NULL CHECK (state IN ('pending', 'complete')),
  reason                  TEXT CHECK (reason IN ('error', 'redo', 'further_edit', 'hand_edit')),
  -- The first words of the prompt.
  title                   TEXT NOT NULL,
  -- Of prompt and both texts; tells imports what is there already.
  content_hash            BLOB,
  prompt_bytes            INTEGER NOT NULL CHECK (prompt_bytes >= 0),

  -- NULL: there is no such side.
  chosen_bytes            INTEGER CHECK (chosen_bytes >= 0),
  chosen_attempt_id       TEXT,
  chosen_generation_id    TEXT,
  chosen_model_id         TEXT,
  chosen_model_name       TEXT,
  chosen_prompt_version   INTEGER NOT NULL DEFAULT 0 CHECK (chosen_prompt_version >= 0),
  chosen_cycle            INTEGER NOT NULL DEFAULT 0 CHECK (chosen_cycle >= 0),
  chosen_edited           INTEGER NOT NULL DEFAULT 0 CHECK (chosen_edited IN (0, 1)),
  by_hand                 INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1)),
  overruled               INTEGER NOT NULL DEFAULT 0 CHECK (overruled IN (0, 1)),

  rejected_bytes          INTEGER CHECK (rejected_bytes >= 0),
  rejected_attempt_id     TEXT,
  rejected_generation_id  TEXT,
  rejected_model_id       TEXT,
  rejected_model_name     TEXT,
  rejected_prompt_version INTEGER NOT NULL DEFAULT 0 CHECK (rejected_prompt_version >= 0),
  rejected_cycle          INTEGER NOT NULL DEFAULT 0 CHECK (rejected_cycle >= 0),
  rejected_edited         INTEGER NOT NULL DEFAULT 0 CHECK (rejected_edited IN (0, 1)),

  created_at              INTEGER NOT NULL CHECK (created_at >= 0),
  updated_at              INTEGER NOT NULL CHECK (updated_at >= 0),

  CHECK ((state = 'complete') = (chosen_bytes IS NOT NULL)),
  -- Imported rows may not say why.
  CHECK (reason IS NULL OR rejected_bytes IS NOT NULL),
  CHECK ((origin = 'session') = (session_id IS NOT NULL)),
  CHECK ((session_id IS NULL) = (step_id IS NULL)),
  CHECK ((chosen_model_id IS NULL) = (chosen_model_name IS NULL)),
  CHECK ((rejected_model_id IS NULL) = (rejected_model_name IS NULL))
) STRICT;

CREATE INDEX example_by_session ON example (session_id, step_id);
CREATE INDEX example_by_group ON example (split_group, use_case_id, split, state);
CREATE INDEX example_by_import ON example (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX example_by_chosen_generation ON example (chosen_generation_id, chosen_edited, use_case_id)
  WHERE chosen_generation_id IS NOT NULL;
CREATE INDEX example_by_rejected_generation ON example (rejected_generation_id)
  WHERE rejected_generation_id IS NOT NULL;
CREATE INDEX example_by_content ON example (content_hash) WHERE content_hash IS NOT NULL;
-- Everything that lists are filtered by and counts are made of, in the order in which lists are shown: both
-- read this index alone.
CREATE INDEX example_by_use_case ON example (use_case_id, seq, state, split, scope, reason, workflow_id,
                                             chosen_model_id, rejected_model_id, rejected_bytes, chosen_bytes,
                                             prompt_bytes);

-- The texts of a row, each a row of its own: a verdict that adds one leaves the others alone.
-- seq is the row's, times four, and: 0 the prompt, 1 what was chosen, 2 what was rejected.
CREATE TABLE example_text (
  seq       INTEGER PRIMARY KEY CHECK (seq % 4 <= 2),
  -- The user's words, or the error. Before the long texts, so that lists read it without them.
  words     TEXT NOT NULL,
  -- Of the prompt: JSON of the messages that the worker was given.
  text      TEXT NOT NULL,
  reasoning TEXT NOT NULL,
  -- JSON; NULL: none could be found in the text.
  artifact  TEXT
) STRICT;

CREATE TRIGGER example_texts_delete AFTER DELETE ON example BEGIN
  DELETE FROM example_text WHERE seq BETWEEN old.seq * 4 AND old.seq * 4 + 2;
END;

-- Rows that the user has deleted, so that an undone and repeated verdict does not bring them back.
CREATE TABLE deleted_example (
  id         TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX deleted_example_by_session ON deleted_example (session_id);

-- Token log-probabilities of one generation.
CREATE TABLE trace (
  seq           INTEGER PRIMARY KEY,
  generation_id TEXT NOT NULL UNIQUE CHECK (length(generation_id) = 36),
  session_id    TEXT REFERENCES session (id) ON DELETE CASCADE,
  agent         TEXT NOT NULL CHECK (agent IN ('planner', 'lead', 'worker', 'analyst')),
  model_id      TEXT NOT NULL,
  model_name    TEXT NOT NULL,
  -- Where it was asked; NULL: on this computer.
  server        TEXT,
  -- What names the model's tokens; NULL: not known.
  tokenizer     TEXT,
  k             INTEGER NOT NULL CHECK (k >= 0),
  tokens        INTEGER NOT NULL CHECK (tokens >= 0),
  -- What a person calls the size of it: messages and data.
  bytes         INTEGER NOT NULL CHECK (bytes >= 0),
  created_at    INTEGER NOT NULL CHECK (created_at >= 0),
  -- JSON of the messages that the model really read.
  messages      TEXT NOT NULL,
  data          BLOB NOT NULL
) STRICT;

-- Both hold all that sums and pruning read.
CREATE INDEX trace_by_session ON trace (session_id, tokens, bytes);
CREATE INDEX trace_by_age ON trace (created_at, generation_id, bytes);

CREATE TABLE product (
  session_id    TEXT PRIMARY KEY NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  name          TEXT NOT NULL,
  name_is_users INTEGER NOT NULL DEFAULT 0 CHECK (name_is_users IN (0, 1)),
  -- Its session is finished.
  final         INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1)),
  created_at    INTEGER NOT NULL CHECK (created_at >= 0),
  updated_at    INTEGER NOT NULL CHECK (updated_at >= 0)
) STRICT;

CREATE INDEX product_newest ON product (updated_at DESC, session_id DESC);

CREATE TABLE product_version (
  session_id TEXT NOT NULL REFERENCES product (session_id) ON DELETE CASCADE,
  number     INTEGER NOT NULL CHECK (number >= 0),
  step_id    TEXT NOT NULL,
  attempt_id TEXT NOT NULL,
  by_hand    INTEGER NOT NULL CHECK (by_hand IN (0, 1)),
  -- JSON.
  artifact   TEXT NOT NULL,
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  PRIMARY KEY (session_id, number)
) STRICT;

-- Search over sessions and the dataset, built like that over conversations (0003_search.sql).

CREATE VIEW session_search_source (seq, title, request) AS
  SELECT seq, search_form(title), search_form(request) FROM session;

CREATE VIRTUAL TABLE session_search USING fts5 (
  title, request, content = 'session_search_source', content_rowid = 'seq',
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);
INSERT INTO session_search (session_search, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER session_search_insert AFTER INSERT ON session BEGIN
  INSERT INTO session_search (rowid, title, request)
    VALUES (new.seq, search_form(new.title), search_form(new.request));
END;

CREATE TRIGGER session_search_update AFTER UPDATE OF seq, title, request ON session BEGIN
  INSERT INTO session_search (session_search, rowid, title, request)
    VALUES ('delete', old.seq, search_form(old.title), search_form(old.request));
  INSERT INTO session_search (rowid, title, request)
    VALUES (new.seq, search_form(new.title), search_form(new.request));
END;

CREATE TRIGGER session_search_delete AFTER DELETE ON session BEGIN
  INSERT INTO session_search (session_search, rowid, title, request)
    VALUES ('delete', old.seq, search_form(old.title), search_form(old.request));
END;

-- `example_search_form` is of a prompt's messages without the system's, which is the same in all rows of a
-- workflow, and of any other text as it is.
CREATE VIEW example_search_source (seq, words, text) AS
  SELECT seq, search_form(words), example_search_form(seq % 4, text) FROM example_text;

CREATE VIRTUAL TABLE example_search USING fts5 (
  words, text, content = 'example_search_source', content_rowid = 'seq', columnsize = 0, prefix = '3',
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);
INSERT INTO example_search (example_search, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER example_search_insert AFTER INSERT ON example_text BEGIN
  INSERT INTO example_search (rowid, words, text)
    VALUES (new.seq, search_form(new.words), example_search_form(new.seq % 4, new.text));
END;

CREATE TRIGGER example_search_update AFTER UPDATE OF seq, words, text ON example_text
WHEN old.seq <> new.seq OR old.words <> new.words OR old.text <> new.text BEGIN
  INSERT INTO example_search (example_search, rowid, words, text)
    VALUES ('delete', old.seq, search_form(old.words), example_search_form(old.seq % 4, old.text));
  INSERT INTO example_search (rowid, words, text)
    VALUES (new.seq, search_form(new.words), example_search_form(new.seq % 4, new.text));
END;

CREATE TRIGGER example_search_delete AFTER DELETE ON example_text BEGIN
  INSERT INTO example_search (example_search, rowid, words, text)
    VALUES ('delete', old.seq, search_form(old.words), example_search_form(old.seq % 4, old.text));
END;
