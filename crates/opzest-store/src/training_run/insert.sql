INSERT INTO training_run (id, use_case_id, scope, base_model_id, name, status, created_at, updated_at, plan, data)
VALUES (:id, :use_case_id, :scope, :base_model_id, :name, :status, :now, :now, :plan, :data)
