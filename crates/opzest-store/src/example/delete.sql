DELETE FROM example WHERE id = :id
