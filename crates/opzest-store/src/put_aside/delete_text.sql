DELETE FROM put_aside_text WHERE seq = :seq
