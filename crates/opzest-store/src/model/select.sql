UPDATE model SET selected = 1 WHERE id = :id
