-- A clock that was set back does not make a conversation older.
UPDATE conversation
SET updated_at = max(updated_at, :now), model_id = coalesce(:model_id, model_id)
WHERE id = :id
