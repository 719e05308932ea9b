"""Check a static site: every link and picture is there, and nothing is fetched from the network."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FETCHED = {
    ("img", "src"),
    ("script", "src"),
    ("source", "src"),
    ("iframe", "src"),
    ("link", "href"),
    ("img", "srcset"),
}
"""Tags and attributes whose address a browser fetches by itself."""

_FETCHED_BY_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


@dataclass
class _Page(HTMLParser):
    """Links and fetched files of a page, and the places in it that links can lead to."""

    names: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.names.add(value)
            elif (tag, name) in _FETCHED:
                self.fetched.add(value)
            elif tag == "a" and name == "href":
                self.links.add(value)


def problems(site: Path) -> list[str]:
    """Return every broken link, missing picture and fetch from the network, as ``page: address (what is wrong)``.

    Parameters
    ----------
    site
        Directory of the site.
    """
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        wrong = {address: _wrong(address, path, pages) for address in sorted(page.links | page.fetched)}
        wrong |= {address: "from the network" for address in page.fetched if urlsplit(address).netloc}
        found += [f"{path.relative_to(site.resolve())}: {address} ({what})" for address, what in wrong.items() if what]
    for path in sorted(site.rglob("*.css")):
        addresses = _FETCHED_BY_STYLE.findall(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(site)}: {address} (from the network)" for address in addresses]
    return found


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _wrong(address: str, path: Path, pages: dict[Path, _Page]) -> str | None:
    """Say what is wrong with an address on the page of this path; None if nothing, or if it leads elsewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "no such file"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].names:
        return "no such place on the page"
    return None
