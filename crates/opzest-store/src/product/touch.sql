-- A clock that was set back does not make a product older.
UPDATE product SET updated_at = max(updated_at, :now) WHERE session_id = :session_id
