-- A row that was edited on that side does not use the trace.
DELETE FROM trace
WHERE generation_id = :generation_id
  AND NOT EXISTS (SELECT 1 FROM example
                  WHERE chosen_generation_id = :generation_id AND chosen_edited = 0)
  AND NOT EXISTS (SELECT 1 FROM example
                  WHERE rejected_generation_id = :generation_id AND rejected_edited = 0)
