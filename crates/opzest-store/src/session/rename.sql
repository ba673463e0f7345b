UPDATE session SET title = :title, title_is_users = 1 WHERE id = :id
