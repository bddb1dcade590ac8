"""Do the links inside built pages lead somewhere? ``python docs/links.py docs/_build``

Every ``href`` and ``src`` to a file of the folder is looked up, with its anchor. Addresses of the
web are not asked.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors of a page and what it links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what an element is called and where it leads."""
        given = dict(attrs)
        self.anchors |= {v for v in (given.get("id"), given.get("name")) if v}
        for name in ("href", "src"):
            if value := given.get(name):
                self.links.append(value)
        for entry in (given.get("srcset") or "").split(","):
            self.links += entry.split()[:1]


def broken(folder: Path) -> list[str]:
    """Return a sentence for each link that leads nowhere."""
    pages = {p.resolve(): Page(p.read_text("utf-8")) for p in sorted(folder.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            name = path.relative_to(folder.resolve())
            if not there.exists():
                found.append(f"{name}: {link} is not there")
            elif anchor and there in pages and anchor not in pages[there].anchors:
                found.append(f"{name}: {link} has no such place")
    return found


if __name__ == "__main__":
    wrong = broken(Path(sys.argv[1]))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(bool(wrong))
