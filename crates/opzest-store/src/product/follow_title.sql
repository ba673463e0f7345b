UPDATE product SET name = :name WHERE session_id = :session_id AND name_is_users = 0
