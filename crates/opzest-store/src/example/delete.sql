-- The texts of all rows in one statement and in order: the search index then takes their words out in one pass.
DELETE FROM example WHERE seq IN (SELECT seq FROM example WHERE id IN (SELECT value FROM json_each(:ids)))
