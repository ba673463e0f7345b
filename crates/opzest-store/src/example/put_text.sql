INSERT INTO example_text (seq, prompt, chosen, chosen_reasoning, chosen_artifact, chosen_words,
                          rejected, rejected_reasoning, rejected_artifact, rejected_words)
VALUES (:seq, :prompt, :chosen, :chosen_reasoning, :chosen_artifact, :chosen_words,
        :rejected, :rejected_reasoning, :rejected_artifact, :rejected_words)
ON CONFLICT (seq) DO UPDATE SET
  prompt = excluded.prompt, chosen = excluded.chosen, chosen_reasoning = excluded.chosen_reasoning,
  chosen_artifact = excluded.chosen_artifact, chosen_words = excluded.chosen_words,
  rejected = excluded.rejected, rejected_reasoning = excluded.rejected_reasoning,
  rejected_artifact = excluded.rejected_artifact, rejected_words = excluded.rejected_words
