DELETE FROM example_text WHERE seq = :seq
