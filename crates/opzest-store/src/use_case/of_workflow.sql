SELECT id FROM use_case WHERE workflow_id = :workflow_id
