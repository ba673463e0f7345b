SELECT rowid AS text_seq, snippet(example_search, -1, :start, :end, '…', 32) AS snippet
FROM example_search
WHERE example_search MATCH :expression
