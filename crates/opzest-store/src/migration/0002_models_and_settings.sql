-- The model registry, and what the user has set.

CREATE TABLE model (
  -- A slug: people type it.
  id               TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
  kind             TEXT NOT NULL CHECK (kind IN ('embedded', 'file', 'remote')),
  name             TEXT NOT NULL,
  -- A file's path, or a server's address.
  location         TEXT NOT NULL,
  remote_name      TEXT,
  selected         INTEGER NOT NULL DEFAULT 0 CHECK (selected IN (0, 1)),
  file_bytes       INTEGER CHECK (file_bytes >= 0),
  file_modified_at INTEGER CHECK (file_modified_at >= 0),
  architecture     TEXT,
  parameter_count  INTEGER CHECK (parameter_count >= 0),
  quantisation     TEXT,
  trained_context  INTEGER CHECK (trained_context >= 0),
  licence          TEXT,
  added_at         INTEGER NOT NULL CHECK (added_at >= 0),
  CHECK (remote_name IS NULL OR kind = 'remote')
) STRICT;

CREATE UNIQUE INDEX model_selected ON model (selected) WHERE selected = 1;
CREATE INDEX model_location ON model (location);

CREATE TABLE setting (
  key   TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;
