SELECT value AS id FROM json_each(:examples) WHERE value NOT IN (SELECT id FROM example) LIMIT 1
