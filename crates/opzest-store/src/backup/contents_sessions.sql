SELECT (SELECT count(*) FROM session) AS sessions,
       (SELECT count(*) FROM example WHERE state = 'complete') AS examples
