WITH counted AS (
  SELECT use_case_id,
         count(*) AS rows,
         sum(state = 'complete') AS complete,
         sum(state = 'complete' AND rejected_bytes IS NOT NULL) AS paired,
         sum(state = 'complete' AND split = 'held_out') AS held_out,
         sum(state = 'complete' AND scope = 'communal') AS communal,
         count(DISTINCT iif(state = 'complete' AND split = 'train', split_group, NULL)) AS train_groups,
         count(DISTINCT iif(state = 'complete' AND split = 'held_out', split_group, NULL)) AS held_out_groups,
         sum(state = 'complete' AND chosen_edited = 0
             AND EXISTS (SELECT 1 FROM trace WHERE generation_id = chosen_generation_id)) AS traced,
         sum(prompt_bytes + coalesce(chosen_bytes, 0) + coalesce(rejected_bytes, 0)) AS bytes
  FROM example
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
LEFT JOIN sessions ON sessions.use_case_id = use_case.id
LEFT JOIN traces ON traces.use_case_id = use_case.id
ORDER BY use_case.is_default DESC, use_case.name COLLATE NOCASE, use_case.id
