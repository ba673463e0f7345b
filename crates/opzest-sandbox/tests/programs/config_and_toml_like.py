import configparser, io
config = configparser.ConfigParser()
config.read_string("[server]\nport = 8080\ndebug = yes\n[paths]\nhome = /srv\ndata = %(home)s/data\n")
print(config.sections(), config.getint("server", "port") + 1, config.getboolean("server", "debug"), config["paths"]["data"])
out = io.StringIO(); config["server"]["port"] = "9"; config.write(out); print(out.getvalue().split("\n")[1])
