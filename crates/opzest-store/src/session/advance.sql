-- A clock that was set back does not make a session older.
UPDATE session
SET use_case_id = :use_case_id, workflow_id = :workflow_id, workflow_version = :workflow_version,
    workflow_name = :workflow_name, artifact_kind = :artifact_kind, status = :status, steps = :steps, steps_over = :steps_over,
    events = events + 1, updated_at = max(updated_at, :now)
WHERE id = :id
