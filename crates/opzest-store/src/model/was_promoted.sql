SELECT EXISTS (SELECT 1 FROM promotion WHERE model_id = :id) AS was_promoted
