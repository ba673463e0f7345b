INSERT INTO session_event (session_id, number, event, created_at) VALUES (:session_id, :number, :event, :now)
