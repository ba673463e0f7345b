UPDATE model SET selected = 0 WHERE selected = 1
