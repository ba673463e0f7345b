SELECT generation_id, messages FROM trace WHERE session_id = :session_id
