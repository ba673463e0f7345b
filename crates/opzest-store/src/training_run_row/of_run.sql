SELECT example_id, split FROM training_run_row WHERE run_id = :run_id ORDER BY example_id
