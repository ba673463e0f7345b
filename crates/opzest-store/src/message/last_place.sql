SELECT conversation_id, position, variant, role, status
FROM message
WHERE conversation_id = :conversation_id
ORDER BY position DESC, variant DESC
LIMIT 1
