from html.parser import HTMLParser
import html
class Links(HTMLParser):
    def __init__(self): super().__init__(); self.links, self.text = [], []
    def handle_starttag(self, tag, attrs):
        if tag == "a": self.links.append(dict(attrs).get("href"))
    def handle_data(self, data): self.text.append(data.strip())
parser = Links()
parser.feed("<p>Go <a href='/x?a=1&amp;b=2'>here</a> or <A HREF=b.html>there</a></p>")
print(parser.links, [t for t in parser.text if t], html.escape("<a & 'b'>"), html.unescape("&eacute;&#65;"))
