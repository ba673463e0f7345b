from datetime import date, datetime, timedelta, timezone
day = date(2024, 2, 28)
for step in range(3):
    print((day + timedelta(days=step)).isoformat(), (day + timedelta(days=step)).strftime("%A"))
moment = datetime(2000, 1, 1, 12, tzinfo=timezone.utc)
print(moment.timestamp(), moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat())
print((date(2024, 12, 25) - date(2024, 1, 1)).days, day.isocalendar()[1])
print(datetime.strptime("03.04.2021 05:06", "%d.%m.%Y %H:%M"))
