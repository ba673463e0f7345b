UPDATE message SET selected = 0
WHERE conversation_id = :conversation_id AND position = :position AND selected = 1
