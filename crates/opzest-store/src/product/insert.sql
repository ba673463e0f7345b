INSERT INTO product (session_id, name, created_at, updated_at) VALUES (:session_id, :name, :now, :now)
ON CONFLICT (session_id) DO NOTHING
