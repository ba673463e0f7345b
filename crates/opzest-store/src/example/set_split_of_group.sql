UPDATE example SET split = :split WHERE split_group = :split_group
