DELETE FROM put_aside_text
WHERE example_id = :example_id AND side = :side AND attempt_id = :attempt_id
RETURNING text, reasoning, artifact
