SELECT metric FROM training_metric WHERE run_id = :run_id ORDER BY number
