from decimal import Decimal, ROUND_HALF_UP, getcontext
getcontext().prec = 28
price = Decimal("19.99")
tax = (price * Decimal("0.19")).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
print(price, tax, price + tax)
print(Decimal("0.1") + Decimal("0.2"), 0.1 + 0.2)
print(Decimal(2).sqrt(), Decimal(1) / Decimal(7))
