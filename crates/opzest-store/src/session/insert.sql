INSERT INTO session (id, use_case_id, use_case_is_users, title, request, scope, split, workflow_id,
                     workflow_version, workflow_name, artifact_kind, status, steps, steps_over, events, created_at, updated_at)
VALUES (:id, :use_case_id, :use_case_is_users, :title, :request, :scope, :split, :workflow_id,
        :workflow_version, :workflow_name, :artifact_kind, :status, :steps, :steps_over, 1, :now, :now)
