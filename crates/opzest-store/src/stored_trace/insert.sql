INSERT INTO trace (generation_id, session_id, agent, model_id, model_name, server, tokenizer, k, tokens, bytes,
                   created_at, messages, data)
VALUES (:generation_id, :session_id, :agent, :model_id, :model_name, :server, :tokenizer, :k, :tokens, :bytes,
        :now, :messages, :data)
