SELECT snippet(conversation_search, 0, :start, :end, '…', 32) AS snippet
FROM conversation_search
WHERE conversation_search MATCH :expression AND rowid = :seq
