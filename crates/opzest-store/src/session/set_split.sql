UPDATE session SET split = :split WHERE id = :id
