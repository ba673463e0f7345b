SELECT id, use_case_id, title, title_is_users, scope, model_id, created_at, updated_at,
       (SELECT count(*) FROM message
        WHERE message.conversation_id = conversation.id AND selected = 1) AS message_count
FROM conversation
ORDER BY updated_at DESC, id DESC
LIMIT :limit
