SELECT artifact_kind FROM session WHERE id = :id
