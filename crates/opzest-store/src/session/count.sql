SELECT count(*) AS total
FROM session
WHERE (:use_case_id IS NULL OR use_case_id = :use_case_id)
  AND (:status IS NULL OR status = :status)
  AND (:expression IS NULL
       OR seq IN (SELECT rowid FROM session_search WHERE session_search MATCH :expression))
