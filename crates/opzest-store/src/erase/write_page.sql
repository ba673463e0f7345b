UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1
