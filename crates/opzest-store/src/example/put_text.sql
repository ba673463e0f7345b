INSERT INTO example_text (seq, words, text, reasoning, artifact)
VALUES (:seq, :words, :text, :reasoning, :artifact)
ON CONFLICT (seq) DO UPDATE SET
  words = excluded.words, text = excluded.text, reasoning = excluded.reasoning, artifact = excluded.artifact
