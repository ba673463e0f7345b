SELECT position, id FROM message WHERE conversation_id = :conversation_id ORDER BY position, variant
