DELETE FROM soft_label WHERE example_id = :example_id
