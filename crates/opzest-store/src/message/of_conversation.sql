SELECT id, position, role, text, status, model_id, model_name, prompt_tokens, cached_tokens, answer_tokens,
       reading_ms, tokens_per_second, context_used, context_size, error_code, error_message, error_hint,
       finish, created_at, finished_at
FROM message
WHERE conversation_id = :conversation_id AND selected = 1
ORDER BY position
