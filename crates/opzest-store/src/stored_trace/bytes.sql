SELECT coalesce(sum(bytes), 0) AS bytes FROM trace
