WHERE use_case_id = :use_case_id AND scope = :scope
ORDER BY seq DESC
LIMIT 1
