UPDATE example SET scope = :scope, updated_at = max(updated_at, :now) WHERE id = :id
