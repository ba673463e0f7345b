SELECT count(*) > 0 AS found FROM pragma_module_list WHERE name = 'sqlite_dbpage'
