SELECT id FROM model
WHERE location = :location AND kind = :kind AND remote_name IS :remote_name
ORDER BY added_at, rowid
LIMIT 1
