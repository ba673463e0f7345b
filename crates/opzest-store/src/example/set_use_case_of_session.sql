UPDATE example SET use_case_id = :use_case_id WHERE session_id = :session_id
