UPDATE product SET final = :final WHERE session_id = :session_id AND final <> :final
