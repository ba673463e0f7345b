SELECT id, use_case_id, title, title_is_users, scope, split, workflow_id, workflow_version, workflow_name, artifact_kind,
              status, steps, steps_over, events, created_at, updated_at,
       (SELECT count(*) FROM example WHERE example.session_id = session.id) AS examples,
       (SELECT count(*) FROM product_version WHERE product_version.session_id = session.id) AS versions,
       seq
FROM session
WHERE (:use_case_id IS NULL OR use_case_id = :use_case_id)
  AND (:status IS NULL OR status = :status)
  AND (:expression IS NULL
       OR seq IN (SELECT rowid FROM session_search WHERE session_search MATCH :expression))
ORDER BY updated_at DESC, id DESC
LIMIT :limit OFFSET :offset
