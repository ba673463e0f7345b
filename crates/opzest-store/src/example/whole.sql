SELECT example.seq, example.id, origin, session_id, step_id, import_id, use_case_id, workflow_id, scope, split,
       split_group, state, reason, title, prompt_bytes,
       chosen_bytes, chosen_attempt_id, chosen_generation_id, chosen_model_id, chosen_model_name,
       chosen_prompt_version, chosen_cycle, chosen_edited, by_hand, overruled,
       rejected_bytes, rejected_attempt_id, rejected_generation_id, rejected_model_id, rejected_model_name,
       rejected_prompt_version, rejected_cycle, rejected_edited, created_at, updated_at,
       chosen_edited = 0
         AND EXISTS (SELECT 1 FROM trace WHERE generation_id = chosen_generation_id) AS chosen_trace,
       rejected_edited = 0
         AND EXISTS (SELECT 1 FROM trace WHERE generation_id = rejected_generation_id) AS rejected_trace,
       prompt.text AS prompt,
       chosen.text AS chosen, chosen.reasoning AS chosen_reasoning, chosen.artifact AS chosen_artifact,
       chosen.words AS chosen_words,
       rejected.text AS rejected, rejected.reasoning AS rejected_reasoning, rejected.artifact AS rejected_artifact,
       rejected.words AS rejected_words
FROM example
JOIN example_text AS prompt ON prompt.seq = example.seq * 4
LEFT JOIN example_text AS chosen ON chosen.seq = example.seq * 4 + 1
LEFT JOIN example_text AS rejected ON rejected.seq = example.seq * 4 + 2
