import calendar
print(calendar.month(2023, 5))
print(calendar.isleap(1900), calendar.isleap(2000), list(map(int, calendar.monthrange(2024, 2))))
