-- A clock that was set back does not make a run older. A problem is that of a status.
UPDATE training_run
SET status = coalesce(:status, status), progress = coalesce(:progress, progress), result = coalesce(:result, result),
    problem = CASE WHEN :problem IS NULL AND :status IS NULL THEN problem ELSE :problem END,
    model_id = coalesce(:model_id, model_id), active_ms = coalesce(:active_ms, active_ms),
    updated_at = max(updated_at, :now)
WHERE id = :id
