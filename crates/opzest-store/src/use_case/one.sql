SELECT id, name, is_default, workflow_id FROM use_case WHERE id = :id
