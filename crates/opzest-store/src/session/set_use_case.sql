UPDATE session SET use_case_id = :use_case_id, use_case_is_users = 1 WHERE id = :id
