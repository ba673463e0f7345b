SELECT snippet(message_search, 0, :start, :end, '…', 32) AS snippet
FROM message_search
WHERE message_search MATCH :expression AND rowid = :seq
