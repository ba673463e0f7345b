DELETE FROM put_aside_scope WHERE example_id = :example_id RETURNING scope
