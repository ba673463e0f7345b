SELECT EXISTS (
  SELECT 1 FROM message WHERE conversation_id = :conversation_id AND status = 'streaming'
) AS is_streaming
