INSERT INTO product_version (session_id, number, step_id, attempt_id, by_hand, artifact, created_at)
VALUES (:session_id, :number, :step_id, :attempt_id, :by_hand, :artifact, :now)
