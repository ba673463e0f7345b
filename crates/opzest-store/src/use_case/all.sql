SELECT id, name, is_default, workflow_id
FROM use_case
ORDER BY is_default DESC, name COLLATE NOCASE, id
