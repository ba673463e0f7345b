import os, sys, getpass, platform
print(sys.version_info >= (3, 9), os.getcwd() == os.path.expanduser("~"), os.path.basename(__file__).endswith(".py"), sys.argv[1:])
print(platform.system(), os.sep, sys.getdefaultencoding(), sys.stdout.encoding.lower(), sys.byteorder)
print("SECRET" in os.environ, sorted(k for k in os.environ if k.startswith("LC_")), os.path.isabs(sys.executable))
