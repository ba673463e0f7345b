import subprocess, sys
code = "import sys; print(sys.stdin.read()[::-1]); sys.exit(3)"
result = subprocess.run([sys.executable, "-c", code], input="desserts", capture_output=True, text=True)
print(result.stdout.strip(), result.returncode, repr(result.stderr))
try:
    subprocess.run([sys.executable, "-c", "raise SystemExit(2)"], check=True)
except subprocess.CalledProcessError as error:
    print("failed with", error.returncode)
