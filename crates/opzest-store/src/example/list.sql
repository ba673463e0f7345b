SELECT example.seq, example.id, origin, session_id, step_id, import_id, use_case_id, workflow_id, scope, split,
       split_group, state, reason, title, prompt_bytes, chosen_bytes, chosen_model_id, chosen_model_name, chosen_edited,
       by_hand, overruled, rejected_bytes, rejected_model_id, rejected_model_name, rejected_edited,
       created_at, updated_at,
       chosen_edited = 0
         AND EXISTS (SELECT 1 FROM trace WHERE generation_id = chosen_generation_id) AS chosen_trace,
       rejected_edited = 0
         AND EXISTS (SELECT 1 FROM trace WHERE generation_id = rejected_generation_id) AS rejected_trace,
       -- Those about the rejected side, or else about the chosen one.
       coalesce((SELECT substr(words, 1, 400) FROM example_text
                 WHERE seq IN (example.seq * 4 + 1, example.seq * 4 + 2) AND words <> ''
                 ORDER BY seq DESC LIMIT 1), '') AS words
