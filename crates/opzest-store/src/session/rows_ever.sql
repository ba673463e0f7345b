-- Those that are there, those that the user has deleted, and those that an undone verdict has taken away: a row has
-- the id of its attempt. A damaged event is no reason not to delete its session.
SELECT id
FROM (SELECT id FROM example WHERE session_id = :session_id
      UNION
      SELECT id FROM deleted_example WHERE session_id = :session_id
      UNION
      SELECT CASE WHEN json_valid(event) THEN
               CAST(coalesce(event ->> '$.attempt', event ->> '$.edit.attempt') AS TEXT) END
      FROM session_event
      WHERE session_id = :session_id)
WHERE id IS NOT NULL
