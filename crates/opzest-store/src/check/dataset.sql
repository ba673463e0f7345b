-- A log counts from 0 without a gap, and is as long as its session says.
SELECT 'the log of session ' || session.id || ' has ' || count(number) || ' events up to number '
       || coalesce(max(number), -1) || ' instead of ' || session.events AS problem
FROM session
LEFT JOIN session_event ON session_event.session_id = session.id
GROUP BY session.id
HAVING count(number) <> session.events OR max(number) + 1 <> session.events
UNION ALL
-- Versions count from 0 without a gap.
SELECT 'the product of session ' || session_id || ' has ' || count(*) || ' versions up to number ' || max(number)
FROM product_version
GROUP BY session_id
HAVING max(number) + 1 <> count(*)
UNION ALL
SELECT 'example ' || example.id || ' is in another use case, workflow or split than its session'
FROM example
JOIN session ON session.id = example.session_id
WHERE example.use_case_id <> session.use_case_id OR example.split <> session.split
   OR example.workflow_id IS NOT session.workflow_id OR example.split_group <> session.id
UNION ALL
SELECT 'the examples of step ' || step_id || ' have different accepted texts'
FROM example
WHERE session_id IS NOT NULL
GROUP BY session_id, step_id
HAVING count(DISTINCT chosen_attempt_id) > 1 OR count(DISTINCT state) > 1
UNION ALL
SELECT 'the group ' || split_group || ' is both trained on and held out'
FROM example
GROUP BY split_group
HAVING count(DISTINCT split) > 1
UNION ALL
SELECT 'example ' || id || ' has other texts than it says'
FROM example
LEFT JOIN example_text AS prompt ON prompt.seq = example.seq * 4
LEFT JOIN example_text AS chosen ON chosen.seq = example.seq * 4 + 1
LEFT JOIN example_text AS rejected ON rejected.seq = example.seq * 4 + 2
WHERE prompt_bytes IS NOT octet_length(prompt.text)
   OR chosen_bytes IS NOT octet_length(chosen.text)
   OR rejected_bytes IS NOT octet_length(rejected.text)
   OR coalesce(chosen_bytes, rejected_bytes) IS NULL
UNION ALL
SELECT 'there is a text of example number ' || seq / 4 || ', which does not exist'
FROM example_text
WHERE seq / 4 NOT IN (SELECT seq FROM example)
UNION ALL
SELECT 'example ' || id || ' was deleted, and is there'
FROM example
WHERE id IN (SELECT id FROM deleted_example)
UNION ALL
SELECT 'what was set on example ' || id || ' is put aside, and it is there or was deleted'
FROM (SELECT id FROM example UNION ALL SELECT id FROM deleted_example)
WHERE id IN (SELECT example_id FROM put_aside_scope)
UNION ALL
SELECT 'a text of example ' || example_id || ' is put aside, and it was deleted'
FROM put_aside_text
WHERE example_id IN (SELECT id FROM deleted_example)
UNION ALL
-- Measurements count from 0 without a gap.
SELECT 'the training run ' || run_id || ' has ' || count(*) || ' measurements up to number ' || max(number)
FROM training_metric
GROUP BY run_id
HAVING max(number) + 1 <> count(*)
UNION ALL
SELECT 'promotion ' || promotion.seq || ' goes back to another use case or scope'
FROM promotion
JOIN promotion AS before ON before.seq = promotion.before_seq
WHERE before.use_case_id <> promotion.use_case_id OR before.scope <> promotion.scope
