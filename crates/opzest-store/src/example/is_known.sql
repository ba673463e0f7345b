SELECT EXISTS (SELECT 1 FROM example WHERE content_hash = :content_hash) AS is_known
