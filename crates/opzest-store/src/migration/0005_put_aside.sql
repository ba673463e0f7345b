-- What the user has set on rows of a session, while an undone verdict has taken them away: it stands when they come
-- again. Few at any time, so that no index is needed to find those of a session.

-- Where it is not that of the session. The split is the whole session's, and kept there.
CREATE TABLE put_aside_scope (
  example_id TEXT PRIMARY KEY NOT NULL CHECK (length(example_id) = 36),
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  scope      TEXT NOT NULL CHECK (scope IN ('private', 'communal'))
) STRICT, WITHOUT ROWID;

-- The user's own text for one side, which is that of one attempt.
CREATE TABLE put_aside_text (
  seq        INTEGER PRIMARY KEY,
  example_id TEXT NOT NULL CHECK (length(example_id) = 36),
  side       TEXT NOT NULL CHECK (side IN ('chosen', 'rejected')),
  attempt_id TEXT NOT NULL CHECK (length(attempt_id) = 36),
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  text       TEXT NOT NULL,
  reasoning  TEXT NOT NULL,
  -- JSON; NULL: none could be found in the text.
  artifact   TEXT,
  UNIQUE (example_id, side, attempt_id)
) STRICT;
