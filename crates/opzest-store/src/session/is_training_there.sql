SELECT EXISTS (SELECT 1 FROM session WHERE use_case_id = :use_case_id AND split = :train AND id <> :id)
    OR EXISTS (SELECT 1 FROM example WHERE use_case_id = :use_case_id AND split = :train) AS is_training_there
