import sqlite3, os
path = "notes.db"
db = sqlite3.connect(path)
db.execute("create table note(text)")
db.execute("insert into note values ('kept')")
db.commit()
db.close()
print(os.path.exists(path), sqlite3.connect(path).execute("select * from note").fetchall())
os.remove(path)
print(os.path.exists(path))
