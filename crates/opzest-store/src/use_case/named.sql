SELECT id FROM use_case WHERE name = :name COLLATE NOCASE
