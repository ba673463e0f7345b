-- Conversations with a model. Ids are UUIDv7 as text; `seq` is the row number that a search index
-- refers to. Times are Unix milliseconds.

CREATE TABLE use_case (
  id         TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
  name       TEXT NOT NULL,
  is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX use_case_default ON use_case (is_default) WHERE is_default = 1;

-- Every store has this one, so its id is fixed (a UUIDv7 of time 0).
INSERT INTO use_case (id, name, is_default) VALUES ('00000000-0000-7000-8000-000000000001', 'Assistant', 1);

CREATE TABLE conversation (
  seq            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
  use_case_id    TEXT NOT NULL REFERENCES use_case (id),
  title          TEXT NOT NULL,
  title_is_users INTEGER NOT NULL DEFAULT 0 CHECK (title_is_users IN (0, 1)),
  scope          TEXT NOT NULL DEFAULT 'private' CHECK (scope IN ('private', 'communal')),
  -- No reference: the model may be removed from the registry.
  model_id       TEXT,
  created_at     INTEGER NOT NULL CHECK (created_at >= 0),
  updated_at     INTEGER NOT NULL CHECK (updated_at >= 0)
) STRICT;

CREATE INDEX conversation_by_use_case ON conversation (use_case_id);
CREATE INDEX conversation_newest ON conversation (updated_at DESC, id DESC);

CREATE TABLE message (
  seq               INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
  conversation_id   TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
  position          INTEGER NOT NULL CHECK (position >= 0),
  variant           INTEGER NOT NULL DEFAULT 0 CHECK (variant >= 0),
  selected          INTEGER NOT NULL CHECK (selected IN (0, 1)),
  role              TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
  text              TEXT NOT NULL,
  status            TEXT NOT NULL CHECK (status IN ('streaming', 'complete', 'stopped', 'cut_by_limit',
                                                    'cut_by_context', 'interrupted', 'failed')),
  -- The model as it was called then.
  model_id          TEXT,
  model_name        TEXT,
  prompt_tokens     INTEGER CHECK (prompt_tokens >= 0),
  cached_tokens     INTEGER CHECK (cached_tokens >= 0),
  answer_tokens     INTEGER CHECK (answer_tokens >= 0),
  reading_ms        INTEGER CHECK (reading_ms >= 0),
  tokens_per_second REAL,
  context_used      INTEGER CHECK (context_used >= 0),
  context_size      INTEGER CHECK (context_size >= 0),
  error_code        TEXT,
  error_message     TEXT,
  error_hint        TEXT,
  finish            TEXT,
  created_at        INTEGER NOT NULL CHECK (created_at >= 0),
  finished_at       INTEGER CHECK (finished_at >= 0),

  UNIQUE (conversation_id, position, variant),
  -- Only answers are written over time, or again.
  CHECK (role = 'assistant' OR (status = 'complete' AND variant = 0 AND selected = 1)),
  CHECK (status <> 'streaming' OR finished_at IS NULL),
  CHECK ((model_id IS NULL) = (model_name IS NULL)),
  CHECK ((prompt_tokens IS NULL) = (cached_tokens IS NULL)
     AND (prompt_tokens IS NULL) = (answer_tokens IS NULL)
     AND (prompt_tokens IS NULL) = (reading_ms IS NULL)
     AND (prompt_tokens IS NULL) = (tokens_per_second IS NULL)
     AND (prompt_tokens IS NULL) = (context_used IS NULL)
     AND (prompt_tokens IS NULL) = (context_size IS NULL)),
  CHECK ((error_code IS NULL) = (error_message IS NULL)
     AND (error_code IS NULL) = (error_hint IS NULL))
) STRICT;

CREATE UNIQUE INDEX message_selected ON message (conversation_id, position) WHERE selected = 1;
-- At most one answer of a conversation is being written; also finds what a crash has left.
CREATE UNIQUE INDEX message_streaming ON message (conversation_id) WHERE status = 'streaming';
