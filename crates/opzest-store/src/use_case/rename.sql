UPDATE use_case SET name = :name WHERE id = :id
