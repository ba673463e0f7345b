SELECT 'base' AS need, name FROM model WHERE base_model_id = :id
UNION ALL
SELECT 'run', name
FROM training_run
WHERE base_model_id = :id AND status NOT IN ('finished', 'failed', 'cancelled')
UNION ALL
SELECT 'use_case', use_case.name
FROM promotion
JOIN use_case ON use_case.id = use_case_id
WHERE model_id = :id
  AND seq = (SELECT max(seq) FROM promotion AS last
             WHERE last.use_case_id = promotion.use_case_id AND last.scope = promotion.scope)
LIMIT 1
