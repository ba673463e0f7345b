INSERT INTO message (id, conversation_id, position, variant, selected, role, text, status,
                     model_id, model_name, created_at, finished_at)
VALUES (:id, :conversation_id, :position, :variant, 1, :role, :text, :status,
        :model_id, :model_name, :created_at, :finished_at)
