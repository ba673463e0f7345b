WHERE status NOT IN ('finished', 'failed', 'cancelled')
  AND id IN (SELECT run_id FROM training_run_row WHERE example_id IN (SELECT value FROM json_each(:examples)))
ORDER BY seq DESC
