"""The gallery of figures: a page of all pictures, each with a caption and the notebook that draws it."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat

NAME = "README.md"

HEADING = """# Figures

The notebooks draw these figures from the records of this repository; `make figures` draws them again. Click a picture
to open it as a vector graphic. *data* holds the numbers behind it; *origin* names its records, commit and package
versions. Titles link to the executed notebooks; `make lab` opens them to be run.
"""


class NoCaption(ValueError):
    """A figure lacks its caption or its notebook."""


def write(figures: Path, notebooks: Path) -> Path:
    """Write the gallery of a directory of figures as its ``README.md``.

    Parameters
    ----------
    figures
        Directory in which `figures.save` has stored figures.
    notebooks
        Directory of the notebooks, whose titles head the figures.

    Raises
    ------
    NoCaption
        If figures lack a caption or a notebook; the message names them.
    """
    page = figures / NAME
    page.write_text(render(figures, notebooks), encoding="utf-8")
    return page


def render(figures: Path, notebooks: Path) -> str:
    """Return the gallery as Markdown; see `write`."""
    entries = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(figures.glob("*.json"))]
    if lacking := [entry["figure"] for entry in entries if not (entry.get("caption") and entry.get("notebook"))]:
        raise NoCaption(f"no caption or no notebook: {', '.join(lacking)}; draw them anew with `make figures`")
    parts = [HEADING]
    for notebook, group in groupby(sorted(entries, key=_order), key=lambda entry: str(entry["notebook"])):
        name = Path(notebook).stem
        parts.append(f"\n## [{title(notebooks / f'{name}.ipynb')}](notebooks/{name}.ipynb)\n")
        parts += [_entry(entry) for entry in group]
    return "".join(parts)


def title(notebook: Path) -> str:
    """Return the title of a notebook, its first heading."""
    cells = nbformat.read(notebook, as_version=4).cells
    return next(line.removeprefix("# ") for cell in cells for line in cell.source.splitlines() if line.startswith("# "))


def _order(entry: dict[str, Any]) -> tuple[str, str]:
    return str(entry["notebook"]), str(entry["figure"])


def _entry(entry: dict[str, Any]) -> str:
    name, caption = entry["figure"], " ".join(entry["caption"].split())
    return f"\n[![{name}]({name}.png)]({name}.svg)\n\n{caption}\n([data]({name}.csv), [origin]({name}.json))\n"
