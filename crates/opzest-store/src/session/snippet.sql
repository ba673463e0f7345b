SELECT snippet(session_search, -1, :start, :end, '…', 32) AS snippet
FROM session_search
WHERE session_search MATCH :expression AND rowid = :seq
