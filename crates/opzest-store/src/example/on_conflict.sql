ON CONFLICT (id) DO UPDATE SET
  use_case_id = excluded.use_case_id, workflow_id = excluded.workflow_id, scope = excluded.scope,
  split = excluded.split, split_group = excluded.split_group, state = excluded.state, reason = excluded.reason, title = excluded.title,
  content_hash = excluded.content_hash, prompt_bytes = excluded.prompt_bytes,
  chosen_bytes = excluded.chosen_bytes, chosen_attempt_id = excluded.chosen_attempt_id,
  chosen_generation_id = excluded.chosen_generation_id, chosen_model_id = excluded.chosen_model_id,
  chosen_model_name = excluded.chosen_model_name, chosen_prompt_version = excluded.chosen_prompt_version,
  chosen_cycle = excluded.chosen_cycle, chosen_edited = excluded.chosen_edited, by_hand = excluded.by_hand,
  overruled = excluded.overruled,
  rejected_bytes = excluded.rejected_bytes, rejected_attempt_id = excluded.rejected_attempt_id,
  rejected_generation_id = excluded.rejected_generation_id, rejected_model_id = excluded.rejected_model_id,
  rejected_model_name = excluded.rejected_model_name,
  rejected_prompt_version = excluded.rejected_prompt_version, rejected_cycle = excluded.rejected_cycle,
  rejected_edited = excluded.rejected_edited, updated_at = excluded.updated_at
