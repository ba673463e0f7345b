UPDATE product SET name = :name, name_is_users = 1 WHERE session_id = :session_id
