INSERT OR REPLACE INTO soft_label (example_id, model_id, model_name, tokenizer, tokens, created_at, data)
VALUES (:example_id, :model_id, :model_name, :tokenizer, :tokens, :now, :data)
