-- What a model was only judged by, it has not learned.
SELECT model_id
FROM training_run_row
JOIN training_run ON training_run.id = run_id
WHERE example_id IN (SELECT value FROM json_each(:examples)) AND training_run_row.split = 'train'
  AND model_id IS NOT NULL
GROUP BY model_id
ORDER BY min(training_run.seq)
