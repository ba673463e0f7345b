UPDATE message
SET text = :text, status = :status,
    prompt_tokens = :prompt_tokens, cached_tokens = :cached_tokens, answer_tokens = :answer_tokens,
    reading_ms = :reading_ms, tokens_per_second = :tokens_per_second,
    context_used = :context_used, context_size = :context_size,
    error_code = :error_code, error_message = :error_message, error_hint = :error_hint,
    finish = :finish, finished_at = :finished_at
WHERE id = :id AND status = 'streaming'
