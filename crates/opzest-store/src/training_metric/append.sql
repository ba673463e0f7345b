INSERT INTO training_metric (run_id, number, metric)
SELECT :run_id, coalesce(max(number) + 1, 0), :metric FROM training_metric WHERE run_id = :run_id
