SELECT number, step_id, attempt_id, by_hand, artifact, created_at
FROM product_version
WHERE session_id = :session_id
ORDER BY number
