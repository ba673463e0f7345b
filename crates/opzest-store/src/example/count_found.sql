WITH text_found AS MATERIALIZED (
  SELECT rowid / 4 AS seq
  FROM example_search
  WHERE example_search MATCH :expression
  ORDER BY rowid /*direction*/
  LIMIT :most
),
found AS (SELECT DISTINCT seq FROM text_found)
SELECT count(*) AS total, (SELECT count(*) FROM text_found) AS texts
FROM found
