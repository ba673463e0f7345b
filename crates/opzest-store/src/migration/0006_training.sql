-- Training runs, the models that come of them, and which model a use case works with.

-- Rebuilt, because SQLite cannot change a constraint.
CREATE TABLE new_model (
  -- A slug: people type it.
  id               TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
  kind             TEXT NOT NULL CHECK (kind IN ('embedded', 'file', 'remote', 'trained')),
  name             TEXT NOT NULL,
  -- A file's path, or a server's address.
  location         TEXT NOT NULL,
  remote_name      TEXT,
  -- What a trained model is an adapter for.
  base_model_id    TEXT REFERENCES new_model (id) CHECK (base_model_id <> id),
  selected         INTEGER NOT NULL DEFAULT 0 CHECK (selected IN (0, 1)),
  file_bytes       INTEGER CHECK (file_bytes >= 0),
  file_modified_at INTEGER CHECK (file_modified_at >= 0),
  architecture     TEXT,
  parameter_count  INTEGER CHECK (parameter_count >= 0),
  quantisation     TEXT,
  trained_context  INTEGER CHECK (trained_context >= 0),
  licence          TEXT,
  added_at         INTEGER NOT NULL CHECK (added_at >= 0),
  CHECK (remote_name IS NULL OR kind = 'remote'),
  CHECK ((base_model_id IS NOT NULL) = (kind = 'trained'))
) STRICT;

-- With their numbers: models that were added in the same millisecond are listed by them.
INSERT INTO new_model (rowid, id, kind, name, location, remote_name, selected, file_bytes, file_modified_at,
                       architecture, parameter_count, quantisation, trained_context, licence, added_at)
SELECT rowid, id, kind, name, location, remote_name, selected, file_bytes, file_modified_at,
       architecture, parameter_count, quantisation, trained_context, licence, added_at
FROM model;

DROP TABLE model;
ALTER TABLE new_model RENAME TO model;

CREATE UNIQUE INDEX model_selected ON model (selected) WHERE selected = 1;
CREATE INDEX model_location ON model (location);
CREATE INDEX model_by_base ON model (base_model_id) WHERE base_model_id IS NOT NULL;

-- Holds no text of the user's but the name and the problem: what it learns from is named by id.
CREATE TABLE training_run (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
  use_case_id   TEXT NOT NULL REFERENCES use_case (id),
  scope         TEXT NOT NULL CHECK (scope IN ('private', 'communal')),
  -- No reference: the base of a run that is over can be removed.
  base_model_id TEXT NOT NULL,
  name          TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('preparing', 'running', 'paused', 'judging', 'finished', 'failed',
                                                'cancelled')),
  created_at    INTEGER NOT NULL CHECK (created_at >= 0),
  updated_at    INTEGER NOT NULL CHECK (updated_at >= 0),
  -- Milliseconds.
  active_ms     INTEGER NOT NULL DEFAULT 0 CHECK (active_ms >= 0),
  plan          TEXT NOT NULL CHECK (json_valid(plan)),
  data          TEXT NOT NULL CHECK (json_valid(data)),
  progress      TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(progress)),
  result        TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(result)),
  problem       TEXT,
  -- What came of it, as long as that is registered.
  model_id      TEXT REFERENCES model (id) ON DELETE SET NULL
) STRICT;

CREATE INDEX training_run_by_use_case ON training_run (use_case_id, seq);
CREATE INDEX training_run_by_model ON training_run (model_id) WHERE model_id IS NOT NULL;

-- What a run uses. No reference to the row: the user may delete it, and then this tells which models still know it.
CREATE TABLE training_run_row (
  run_id     TEXT NOT NULL REFERENCES training_run (id) ON DELETE CASCADE,
  example_id TEXT NOT NULL CHECK (length(example_id) = 36),
  split      TEXT NOT NULL CHECK (split IN ('train', 'held_out')),
  PRIMARY KEY (run_id, example_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX training_run_row_by_example ON training_run_row (example_id, split);

-- What was measured while training, numbered from 0 without a gap.
CREATE TABLE training_metric (
  run_id TEXT NOT NULL REFERENCES training_run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK (number >= 0),
  metric TEXT NOT NULL CHECK (json_valid(metric)),
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- Which model a use case works with from then on. Rows are only ever added.
CREATE TABLE promotion (
  seq         INTEGER PRIMARY KEY,
  use_case_id TEXT NOT NULL REFERENCES use_case (id),
  scope       TEXT NOT NULL CHECK (scope IN ('private', 'communal')),
  -- NULL: what is used without any. No references: model and run may be gone later.
  model_id    TEXT,
  run_id      TEXT,
  forced      INTEGER NOT NULL CHECK (forced IN (0, 1)),
  -- What going back from here leads to; NULL: to what is used without any.
  before_seq  INTEGER REFERENCES promotion (seq) CHECK (before_seq < seq),
  at          INTEGER NOT NULL CHECK (at >= 0)
) STRICT;

CREATE INDEX promotion_by_use_case ON promotion (use_case_id, scope, seq);
CREATE INDEX promotion_by_model ON promotion (model_id) WHERE model_id IS NOT NULL;
