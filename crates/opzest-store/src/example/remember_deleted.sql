INSERT INTO deleted_example (id, session_id) VALUES (:id, :session_id) ON CONFLICT (id) DO NOTHING
