-- Every part reads an index alone.
WITH counted AS (
  SELECT use_case_id,
         count(*) AS rows,
         sum(state = 'complete') AS complete,
         sum(state = 'complete' AND rejected_bytes IS NOT NULL) AS paired,
         sum(state = 'complete' AND split = 'held_out') AS held_out,
         sum(state = 'complete' AND scope = 'communal') AS communal,
         sum(prompt_bytes + coalesce(chosen_bytes, 0) + coalesce(rejected_bytes, 0)) AS bytes
  FROM example
  GROUP BY use_case_id
),
grouped AS (
  SELECT use_case_id, sum(split = 'train') AS train_groups, sum(split = 'held_out') AS held_out_groups
  FROM (SELECT DISTINCT split_group, use_case_id, split FROM example WHERE state = 'complete')
  GROUP BY use_case_id
),
traced AS (
  SELECT use_case_id, count(*) AS traced
  FROM trace
  CROSS JOIN example INDEXED BY example_by_chosen_generation
    ON chosen_generation_id = generation_id AND chosen_generation_id IS NOT NULL AND chosen_edited = 0
  GROUP BY use_case_id
),
sessions AS (
  SELECT use_case_id, count(*) AS sessions FROM session GROUP BY use_case_id
),
traces AS (
  SELECT session.use_case_id, sum(trace.tokens) AS tokens, sum(trace.bytes) AS bytes
  FROM trace
  JOIN session ON session.id = trace.session_id
  GROUP BY session.use_case_id
)
SELECT use_case.id, use_case.name, use_case.is_default, use_case.workflow_id,
       coalesce(sessions, 0) AS sessions, coalesce(rows, 0) AS rows, coalesce(complete, 0) AS complete,
       coalesce(paired, 0) AS paired, coalesce(held_out, 0) AS held_out, coalesce(communal, 0) AS communal,
       coalesce(train_groups, 0) AS train_groups, coalesce(held_out_groups, 0) AS held_out_groups,
       coalesce(traced, 0) AS traced, coalesce(counted.bytes, 0) AS bytes,
       coalesce(traces.tokens, 0) AS traced_tokens, coalesce(traces.bytes, 0) AS trace_bytes
FROM use_case
LEFT JOIN counted ON counted.use_case_id = use_case.id
LEFT JOIN grouped ON grouped.use_case_id = use_case.id
LEFT JOIN traced ON traced.use_case_id = use_case.id
LEFT JOIN sessions ON sessions.use_case_id = use_case.id
LEFT JOIN traces ON traces.use_case_id = use_case.id
ORDER BY use_case.is_default DESC, use_case.name COLLATE NOCASE, use_case.id
