SELECT example.seq, example.id, origin, session_id, step_id, import_id, use_case_id, workflow_id, scope, split,
       state, reason, title, prompt_bytes,
       chosen_bytes, chosen_attempt_id, chosen_generation_id, chosen_model_id, chosen_model_name,
       chosen_prompt_version, chosen_cycle, chosen_edited, by_hand, overruled,
       rejected_bytes, rejected_attempt_id, rejected_generation_id, rejected_model_id, rejected_model_name,
       rejected_prompt_version, rejected_cycle, rejected_edited, created_at, updated_at,
       chosen_edited = 0
         AND EXISTS (SELECT 1 FROM trace WHERE generation_id = chosen_generation_id) AS chosen_trace,
       rejected_edited = 0
         AND EXISTS (SELECT 1 FROM trace WHERE generation_id = rejected_generation_id) AS rejected_trace,
       prompt, chosen, chosen_reasoning, chosen_artifact, chosen_words,
       rejected, rejected_reasoning, rejected_artifact, rejected_words
FROM example
JOIN example_text ON example_text.seq = example.seq
