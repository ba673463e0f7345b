UPDATE message SET text = :text WHERE id = :id AND status = 'streaming'
