SELECT seq, attempt_id, text, reasoning, artifact FROM put_aside_text WHERE session_id = :session_id
