import xml.etree.ElementTree as ET
root = ET.fromstring("<shop><item price='2'>tea</item><item price='5'>cake</item></shop>")
for item in root.iter("item"): item.set("price", str(int(item.get("price")) * 2))
ET.SubElement(root, "note").text = "a < b & c"
print(ET.tostring(root, encoding="unicode"))
print([i.text for i in root.findall("./item[@price='10']")])
