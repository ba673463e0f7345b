DELETE FROM put_aside_text WHERE example_id = :example_id
