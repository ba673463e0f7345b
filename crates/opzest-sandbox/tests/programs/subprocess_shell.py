import subprocess
print(subprocess.run("echo one two | tr a-z A-Z | wc -w", shell=True, capture_output=True, text=True).stdout.strip())
print(subprocess.check_output(["sort", "-r"], input="b\na\nc\n", text=True).split())
