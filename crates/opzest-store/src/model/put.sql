INSERT INTO model (id, kind, name, location, remote_name, base_model_id, file_bytes, file_modified_at, architecture,
                   parameter_count, quantisation, trained_context, licence, added_at)
VALUES (:id, :kind, :name, :location, :remote_name, :base_model_id, :file_bytes, :file_modified_at, :architecture,
        :parameter_count, :quantisation, :trained_context, :licence, :added_at)
ON CONFLICT (id) DO UPDATE
SET kind = excluded.kind, name = excluded.name, location = excluded.location,
    remote_name = excluded.remote_name, base_model_id = excluded.base_model_id, file_bytes = excluded.file_bytes,
    file_modified_at = excluded.file_modified_at, architecture = excluded.architecture,
    parameter_count = excluded.parameter_count, quantisation = excluded.quantisation,
    trained_context = excluded.trained_context, licence = excluded.licence
