SELECT EXISTS (SELECT 1 FROM deleted_example WHERE id = :id) AS is_deleted
