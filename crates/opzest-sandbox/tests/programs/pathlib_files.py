from pathlib import Path, PurePosixPath
import shutil
base = Path("project")
(base / "src").mkdir(parents=True)
(base / "src" / "main.py").write_text("print('hi')\n", encoding="utf-8")
(base / "README.md").write_text("# Title\n")
print(sorted(str(p) for p in base.rglob("*")), (base / "README.md").stat().st_size)
print(PurePosixPath("/a/b.tar.gz").suffixes, PurePosixPath("a/b").joinpath("../c"), Path("x.txt").with_suffix(".md"))
(base / "README.md").rename(base / "LIESMICH.md")
shutil.copy(base / "LIESMICH.md", base / "copy.md")
print(sorted(p.name for p in base.iterdir()))
shutil.rmtree(base)
print(base.exists())
