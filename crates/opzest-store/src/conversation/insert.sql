INSERT INTO conversation (id, use_case_id, title, scope, created_at, updated_at)
VALUES (:id, :use_case_id, :title, :scope, :now, :now)
