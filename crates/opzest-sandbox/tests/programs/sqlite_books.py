import sqlite3
db = sqlite3.connect(":memory:")
db.execute("create table book(id integer primary key, title text, year int)")
db.executemany("insert into book(title, year) values (?, ?)", [("Emma", 1815), ("Dune", 1965), ("Momo", 1973)])
for title, year in db.execute("select title, year from book where year > ? order by year desc", (1900,)):
    print(year, title)
with db:
    db.execute("update book set year = year + 1")
print(db.execute("select sum(year), count(*) from book").fetchone())
try:
    db.execute("select nothing from book")
except sqlite3.OperationalError as error:
    print("error:", error)
