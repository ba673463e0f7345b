balance, rate, payment, month = 1000.0, 0.06 / 12, 200.0, 0
print("month   interest  balance")
while balance > 0:
    month += 1
    interest = balance * rate
    paid = min(payment, balance + interest)
    balance = balance + interest - paid
    print(f"{month:5}{interest:11.2f}{balance:9.2f}")
