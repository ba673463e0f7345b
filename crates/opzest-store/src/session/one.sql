SELECT id, use_case_id, use_case_is_users, title, title_is_users, scope, split, workflow_id, workflow_version,
       workflow_name, artifact_kind, status, steps, steps_over, events, created_at, updated_at,
       (SELECT count(*) FROM example WHERE example.session_id = session.id) AS examples,
       (SELECT count(*) FROM product_version WHERE product_version.session_id = session.id) AS versions
FROM session
WHERE id = :id
