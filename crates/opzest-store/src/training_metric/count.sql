SELECT count(*) AS metrics FROM training_metric WHERE run_id = :run_id
