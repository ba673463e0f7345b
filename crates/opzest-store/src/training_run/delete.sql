DELETE FROM training_run WHERE id = :id
