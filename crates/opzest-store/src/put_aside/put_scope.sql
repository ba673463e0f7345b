INSERT OR REPLACE INTO put_aside_scope (example_id, session_id, scope) VALUES (:example_id, :session_id, :scope)
