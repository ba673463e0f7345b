import csv, io
table = io.StringIO("item,count,price\napple,3,0.50\n\"pear, ripe\",2,0.75\nplum,10,0.10\n")
total = 0.0
for row in csv.DictReader(table):
    cost = int(row["count"]) * float(row["price"])
    total += cost
    print(f"{row['item']:<12}{cost:>6.2f}")
print(f"{'total':<12}{total:>6.2f}")
out = io.StringIO()
csv.writer(out).writerows([["a", 'say "hi"'], [1, "x,y"]])
print(out.getvalue().replace("\r\n", "|"))
