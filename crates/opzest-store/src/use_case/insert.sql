INSERT INTO use_case (id, name, workflow_id, created_at) VALUES (:id, :name, :workflow_id, :now)
