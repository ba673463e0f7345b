SELECT number, event FROM session_event WHERE session_id = :session_id ORDER BY number
