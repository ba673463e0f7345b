INSERT INTO training_run_row (run_id, example_id, split) VALUES (:run_id, :example_id, :split)
