UPDATE message SET selected = 1 WHERE id = :id
