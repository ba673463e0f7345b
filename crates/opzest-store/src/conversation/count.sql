SELECT count(*) AS total FROM conversation
