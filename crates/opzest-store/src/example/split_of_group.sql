SELECT split FROM example WHERE split_group = :split_group LIMIT 1
