UPDATE message SET status = 'interrupted' WHERE status = 'streaming' RETURNING id
