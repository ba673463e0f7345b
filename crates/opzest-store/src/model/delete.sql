DELETE FROM model WHERE id = :id
