SELECT beside.id
FROM message
JOIN message AS beside
  ON beside.conversation_id = message.conversation_id AND beside.position = message.position
WHERE message.id = :id
ORDER BY beside.variant
