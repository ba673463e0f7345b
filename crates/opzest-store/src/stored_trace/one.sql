SELECT generation_id, session_id, agent, model_id, model_name, server, tokenizer, k, tokens, bytes, created_at,
       messages, data
FROM trace
WHERE generation_id = :generation_id
