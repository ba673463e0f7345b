-- What a model was only judged by, it has not learned.
SELECT DISTINCT model_id
FROM training_run_row
JOIN training_run ON training_run.id = run_id
WHERE example_id IN (SELECT value FROM json_each(:examples)) AND training_run_row.split = 'train'
  AND model_id IS NOT NULL
ORDER BY training_run.seq
