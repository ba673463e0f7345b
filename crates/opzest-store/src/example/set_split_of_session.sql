UPDATE example SET split = :split WHERE session_id = :session_id
