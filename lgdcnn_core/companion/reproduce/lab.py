"""`python -m lgdcnn_core.companion.reproduce.lab`: open the notebooks in JupyterLab, as copies to play with.

The copies are in build/lab, so that files under git stay as they are. Copies that you changed are kept. Further
arguments, such as --no-browser, go to JupyterLab.
"""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.reproduce.links import moved
from lgdcnn_core.companion.reproduce.profiles import INTRODUCTION

COPIES = Path("build") / "lab"
"""Directory of the copies in the checkout."""

ORIGINS = ".origins.json"
"""File beside the copies with two hashes for each: of the notebook that it was made from, and of the copy itself."""


@dataclass(frozen=True)
class Copied:
    """Result of copying the notebooks.

    Attributes
    ----------
    kept
        Names of copies that were changed since they were made, and so were left as they are.
    outdated
        Names of kept copies whose notebook has changed as well.
    """

    kept: list[str]
    outdated: list[str]


def copy(top: Path) -> Copied:
    """Copy every notebook of the checkout to `COPIES`, except where a copy was changed since it was made."""
    directory = top / COPIES
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / ORIGINS
    origins: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    kept, outdated = [], []
    for path in sorted((top / "notebooks").glob("*.ipynb")):
        target = directory / path.name
        original, written = origins.get(path.name, ["", ""])
        if target.exists() and _sha256(target) != written:
            kept.append(path.name)
            outdated += [path.name] * (_sha256(path) != original)
            continue
        nbformat.write(_from_its_place(path), target)
        origins[path.name] = [_sha256(path), _sha256(target)]
    file.write_text(json.dumps(origins, indent=1), encoding="utf-8")
    return Copied(kept, outdated)


def address() -> str:
    """Return the path of the first page to open, below JupyterLab's own address."""
    return f"/lab/tree/{COPIES.as_posix()}/{INTRODUCTION}"


def main(words: list[str]) -> int:
    """Copy the notebooks and open JupyterLab; return its exit status."""
    top = checkout()
    if top is None:
        print("error: the notebooks are in the repository: clone it and install with `pip install -e .`")
        return 1
    copied = copy(top)
    print(f"notebooks to play with: {top / COPIES}")
    if copied.kept:
        print(f"kept, as you changed them: {', '.join(copied.kept)} (remove a copy to get a new one)")
    if copied.outdated:
        print(f"the project has since changed its own notebooks {', '.join(copied.outdated)}")
    sys.stdout.flush()
    places = [f"--ServerApp.root_dir={top}", f"--LabApp.default_url={address()}"]
    try:
        return subprocess.run([sys.executable, "-m", "jupyter", "lab", *places, *words], cwd=top).returncode
    except KeyboardInterrupt:
        return 0


def _from_its_place(path: Path) -> nbformat.NotebookNode:
    """Notebook whose relative links hold in `COPIES`."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = moved(cell.source, f"notebooks/{path.name}", f"{COPIES.as_posix()}/{path.name}")
    return notebook


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
