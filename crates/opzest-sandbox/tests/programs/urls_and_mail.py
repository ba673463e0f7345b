from urllib.parse import urlencode, urljoin, urlparse, parse_qs, quote
from email.message import EmailMessage
url = urlparse("https://user@example.org:8443/a/b;c?q=1&q=2&x=%20y#top")
print(url.hostname, url.port, url.path, parse_qs(url.query), url.fragment)
print(urlencode({"a": "b c", "ü": 1}), urljoin("http://a/b/c", "../d"), quote("a/b ü"))
mail = EmailMessage()
mail["Subject"], mail["To"] = "Hello", "ann@example.org"
mail.set_content("Dear Ann,\nbye.\n")
print(mail.get_content_type(), mail["subject"], mail.get_content().splitlines()[0])
