SELECT conversation_id, position, variant, role, status FROM message WHERE id = :id
