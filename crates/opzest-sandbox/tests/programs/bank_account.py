class InsufficientFunds(Exception):
    pass
class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance, self.log = owner, balance, []
    def withdraw(self, amount):
        if amount > self.balance:
            raise InsufficientFunds(f"{self.owner} has only {self.balance}")
        self.balance -= amount
        self.log.append(-amount)
    def __repr__(self): return f"Account({self.owner!r}, {self.balance})"
account = Account("Eva", 50)
account.withdraw(20)
try:
    account.withdraw(100)
except InsufficientFunds as error:
    print("refused:", error)
print(account, account.log)
