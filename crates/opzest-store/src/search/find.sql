-- A hit in a message shows before a hit in the title: the title is on the screen anyway. Of several
-- messages, the first. Variants that are not selected are not found: opening would not show them.
WITH message_hit AS (
  SELECT message.conversation_id, min(message.seq) AS message_seq
  FROM message_search
  JOIN message ON message.seq = message_search.rowid
  WHERE message_search MATCH :expression AND message.selected = 1
  GROUP BY message.conversation_id
),
title_hit AS (
  SELECT rowid AS conversation_seq FROM conversation_search WHERE conversation_search MATCH :expression
)
SELECT conversation.id, conversation.seq AS conversation_seq, message_hit.message_seq
FROM conversation
LEFT JOIN message_hit ON message_hit.conversation_id = conversation.id
WHERE message_hit.message_seq IS NOT NULL
   OR conversation.seq IN (SELECT conversation_seq FROM title_hit)
ORDER BY conversation.updated_at DESC, conversation.id DESC
