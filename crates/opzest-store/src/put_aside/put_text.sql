INSERT OR REPLACE INTO put_aside_text (example_id, side, attempt_id, session_id, text, reasoning, artifact)
VALUES (:example_id, :side, :attempt_id, :session_id, :text, :reasoning, :artifact)
