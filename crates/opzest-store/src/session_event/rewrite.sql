UPDATE session_event SET event = :event WHERE session_id = :session_id AND number = :number
