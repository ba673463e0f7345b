SELECT id FROM use_case WHERE is_default = 1
