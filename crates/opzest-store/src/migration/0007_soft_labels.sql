-- What a local model makes of accepted texts that it has not written: labels after the fact.
CREATE TABLE soft_label (
  seq        INTEGER PRIMARY KEY,
  -- Of the chosen side, as long as its text is the one that was read.
  example_id TEXT NOT NULL UNIQUE REFERENCES example (id) ON DELETE CASCADE,
  model_id   TEXT NOT NULL,
  model_name TEXT NOT NULL,
  -- What names the model's tokens.
  tokenizer  TEXT NOT NULL,
  tokens     INTEGER NOT NULL CHECK (tokens >= 0),
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  data       BLOB NOT NULL
) STRICT;
