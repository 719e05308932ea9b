"""The pages that Sphinx reads: those of the repository, with links that lead to pages of the site."""

import re
import shutil
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode

from lgdcnn_core.companion.reproduce import gallery, views
from lgdcnn_core.companion.reproduce.links import from_page, path_in_checkout, relink
from lgdcnn_core.companion.reproduce.site import reference

FRONT = "README.md"
DATA_CARD = "data/README.md"
GALLERY = f"figures/{gallery.NAME}"
CHANGES = "CHANGELOG.md"

FOLDED_FROM = 9
"""Lines of code from which on a cell is folded: a reader of the site looks for results first."""

_UNLINKED = "unlinked:"
"""Mark of a link to a directory without a page, which a site does not show."""

_BY_LINK_ALONE = "---\norphan: true\n---\n\n"
"""Head of a page that the navigation does not list."""


class BrokenLink(ValueError):
    """A page of the repository links to a file that is not there."""


def write(top: Path, folder: Path) -> None:
    """Write all pages and what they link to, laid out as in the repository; README becomes the index.

    A notebook that has no executed copy in ``figures/notebooks`` is shown without results.

    Parameters
    ----------
    top
        The checkout.
    folder
        Directory of the pages; not in use yet.

    Raises
    ------
    BrokenLink
        If a link leads nowhere; the message names page and link.
    """
    notebooks = sorted(path.name for path in (top / views.SOURCES).glob("*.ipynb"))
    site = _Source(top, folder, notebooks)
    rooms = reference.write(folder / "reference")
    shown = {f"{views.FOLDER}/{name}": f"{name[:2]} {gallery.title(top / views.SOURCES / name)}" for name in notebooks}
    contents = [
        _contents("Notebooks", shown),
        _contents("Results and data", {GALLERY: "Figures", DATA_CARD: "Data card", CHANGES: "Changelog"}),
        *[_contents(caption, {f"reference/{page}": page for page in pages}) for caption, pages in rooms.items()],
    ]
    site.page(FRONT, (top / FRONT).read_text(encoding="utf-8") + "".join(contents))
    site.page(GALLERY, gallery.render(top / "figures", top / views.SOURCES))
    for path in (DATA_CARD, CHANGES):
        site.page(path, (top / path).read_text(encoding="utf-8"))
    for name in notebooks:
        site.notebook(name)


def _contents(caption: str, pages: dict[str, str]) -> str:
    """List pages, each with its title, in the navigation."""
    listed = "\n".join(f"{title} <{page.removesuffix('.md').removesuffix('.ipynb')}>" for page, title in pages.items())
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n"


class _Source:
    """The tree of pages while it is written.

    Parameters
    ----------
    top
        The checkout.
    folder
        The tree's directory.
    notebooks
        File names of the notebooks.
    """

    def __init__(self, top: Path, folder: Path, notebooks: list[str]) -> None:
        self.top = top
        self.folder = folder
        self.pages = {FRONT: "index.md"} | {path: path for path in (DATA_CARD, GALLERY, CHANGES)}
        for name in notebooks:
            self.pages |= {f"{place}/{name}": f"{views.FOLDER}/{name}" for place in (views.SOURCES, views.FOLDER)}

    def page(self, path: str, text: str) -> None:
        """Write a page of the repository, given as Markdown."""
        target = self.folder / self.pages[path]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self._led(text, path), encoding="utf-8")

    def notebook(self, name: str) -> None:
        """Write a notebook: its executed copy with hidden and long code folded, or as it is where there is no copy."""
        source = nbformat.read(self.top / views.SOURCES / name, as_version=4)
        path = f"{views.FOLDER}/{name}"
        if (self.top / path).exists():
            content = nbformat.read(self.top / path, as_version=4)
        else:
            path, content = f"{views.SOURCES}/{name}", source
        codes = {cell.get("id"): cell.source for cell in source.cells}
        for cell in content.cells:
            if cell.cell_type == "markdown":
                cell.source = self._led(cell.source, path)
            if views.hidden(cell):
                cell.source = codes.get(cell.id, cell.source)
            long = cell.cell_type == "code" and len(cell.source.splitlines()) >= FOLDED_FROM
            if long or views.hidden(cell):
                cell.metadata.tags = [*cell.metadata.get("tags", []), "hide-input"]
            for output in cell.get("outputs", []):
                self._lead_output(output, path)
        target = self.folder / self.pages[path]
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(content, target)

    def _lead_output(self, output: NotebookNode, path: str) -> None:
        data = output.get("data", {})
        if "text/markdown" in data:
            # Sphinx takes results as they are, so that their links must have the names of built pages.
            data["text/markdown"] = self._led(data["text/markdown"], path, ".html")

    def _led(self, text: str, path: str, suffix: str | None = None) -> str:
        """Return text of the repository's file at this path with links to files and pages of the site."""
        page = self.pages[path]

        def led(target: str) -> str:
            wanted = path_in_checkout(target, path)
            if (self.top / wanted / "README.md").is_file():
                wanted = path_in_checkout("README.md", f"{wanted}/README.md")
            if wanted.endswith(".md") and wanted not in self.pages and (self.top / wanted).is_file():
                self.pages[wanted] = wanted
                self.page(wanted, _BY_LINK_ALONE + (self.top / wanted).read_text(encoding="utf-8"))
            if wanted in self.pages:
                leads_to = from_page(self.pages[wanted], page)
                return leads_to if suffix is None else str(PurePosixPath(leads_to).with_suffix(suffix))
            if (self.top / wanted).is_dir():
                return _UNLINKED
            if not (self.top / wanted).is_file():
                raise BrokenLink(f"{path} links to {target}, which is not there")
            copy = self.folder / wanted
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.top / wanted, copy)
            return from_page(wanted, page)

        return re.sub(rf"\[([^\[\]]*)\]\({_UNLINKED}\)", r"\1", relink(text, led))
