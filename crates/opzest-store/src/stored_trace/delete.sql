DELETE FROM trace WHERE generation_id = :generation_id
