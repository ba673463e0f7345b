-- In the order in which they can be done without: of no row, of pending rows and of work that is not judged
-- yet, of rejected texts, of accepted texts; the oldest first.
SELECT generation_id, bytes,
       CASE
         WHEN EXISTS (SELECT 1 FROM example
                      WHERE chosen_generation_id = generation_id AND chosen_edited = 0) THEN 3
         WHEN EXISTS (SELECT 1 FROM example
                      WHERE rejected_generation_id = generation_id AND rejected_edited = 0
                        AND state = 'complete') THEN 2
         WHEN EXISTS (SELECT 1 FROM example
                      WHERE rejected_generation_id = generation_id AND rejected_edited = 0) THEN 1
         WHEN agent = 'worker'
          AND EXISTS (SELECT 1 FROM session
                      WHERE session.id = session_id AND status IN ('working', 'needs_user')) THEN 1
         ELSE 0
       END AS need
FROM trace
ORDER BY need, trace.created_at, generation_id
