import argparse
parser = argparse.ArgumentParser(prog="greet", description="Greets people.")
parser.add_argument("names", nargs="+")
parser.add_argument("-n", "--times", type=int, default=1)
parser.add_argument("--loud", action="store_true")
args = parser.parse_args(["Ann", "Bo", "-n", "2", "--loud"])
for name in args.names * args.times:
    print(f"hello {name}".upper() if args.loud else name)
try:
    parser.parse_args(["--times", "x", "Ann"])
except SystemExit as stop:
    print("exit", stop.code)
print(parser.format_usage().strip())
