import time, uuid
print(time.strftime("%Y-%m-%d", time.gmtime(0)), time.gmtime(86399).tm_hour)
print(uuid.uuid5(uuid.NAMESPACE_DNS, "example.org"), len(str(uuid.uuid4())), uuid.uuid4() != uuid.uuid4())
import secrets
print(len(secrets.token_hex(8)), secrets.choice([7]), secrets.compare_digest("a", "a"))
