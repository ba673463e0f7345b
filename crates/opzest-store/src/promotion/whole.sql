SELECT seq, use_case_id, scope, model_id, run_id, forced, before_seq, at
FROM promotion
