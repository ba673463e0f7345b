SELECT (SELECT count(*) FROM conversation) AS conversations,
       (SELECT count(*) FROM message) AS messages
