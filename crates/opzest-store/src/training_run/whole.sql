SELECT id, use_case_id, scope, base_model_id, name, status, created_at, updated_at, active_ms, plan, data, progress,
       result, problem, model_id
FROM training_run
