"""Build the site with Sphinx, and check what was built."""

import shutil
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from lgdcnn_core.companion.reproduce.site.checking import problems
from lgdcnn_core.companion.reproduce.site.source import write

CONFIGURATION = Path(__file__).parent


class BrokenSite(RuntimeError):
    """The site has broken links, missing pictures or warnings; the message lists them."""


def build(top: Path, output: Path | None = None) -> Path:
    """Build the static site.

    Parameters
    ----------
    top
        The checkout.
    output
        Directory of the site, emptied before; the default is ``build/site``. The files that Sphinx reads and remembers
        lie beside it.

    Returns
    -------
    Path
        The front page.

    Raises
    ------
    BrokenLink
        If a page links to a file that is not there.
    BrokenSite
        If Sphinx warns, or a link or picture of the site leads nowhere or into the network.
    """
    output = output or top / "build" / "site"
    pages, memory = output.with_name(f"{output.name}-source"), output.with_name(f"{output.name}-memory")
    for folder in (output, pages, memory):
        shutil.rmtree(folder, ignore_errors=True)
    write(top, pages)
    options = ["--builder", "html", "--conf-dir", str(CONFIGURATION), "--doctree-dir", str(memory)]
    if sphinx([*options, "--fail-on-warning", "--quiet", str(pages), str(output)]) != 0:
        raise BrokenSite("Sphinx warned, see above")
    if found := problems(output):
        raise BrokenSite("\n".join([f"{len(found)} links lead nowhere:", *found]))
    return output / "index.html"
