SELECT model_id, model_name, tokenizer, data FROM soft_label WHERE example_id = :example_id
