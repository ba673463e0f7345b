SELECT id, kind, name, location, remote_name, base_model_id, selected, file_bytes, file_modified_at, architecture,
       parameter_count, quantisation, trained_context, licence, added_at
FROM model
WHERE id = :id
