"""Make copies of executed notebooks to read in the repository: small, with results, without traces of the machine."""

import base64
import io
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from lgdcnn_core.companion.reproduce.links import moved

FOLDER = "figures/notebooks"
"""Directory of the copies, relative to the checkout."""

SOURCES = "notebooks"
"""Directory of the notebooks themselves, relative to the checkout."""

DPI = 150
"""Highest resolution of pictures, that of notebooks on a screen: a page of 6.9 in has 1,035 pixels."""

LIMIT = 6_000_000
"""Largest size of all copies together, in bytes."""

INJECTED = "injected-parameters"
"""Tag of the cell into which papermill writes parameters; it draws the cell's name at random."""

_STYLED = re.compile(r"\bT_[0-9a-f]{5}(?=_|\b)")
"""Name that pandas draws at random for each styled table."""

_PROGRESS = re.compile(r"^.*(?:\d+%\||\d+it \[).*$\n?", re.MULTILINE)
"""Line of a progress bar."""


class UnfitView(ValueError):
    """An executed notebook cannot be shown as it is; the message names it and the reason."""


def write(executed: Iterable[Path], top: Path) -> list[Path]:
    """Write a copy of each executed notebook to ``figures/notebooks``, and remove copies of others.

    Parameters
    ----------
    executed
        Executed notebooks, named as their sources.
    top
        The checkout.

    Returns
    -------
    list of Path
        The copies. The same results give the same bytes.

    Raises
    ------
    UnfitView
        If a notebook failed, has no result, names a path of this machine, or all copies together exceed `LIMIT`.
    """
    folder = top / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    texts = {path.name: nbformat.writes(view(path, top)) + "\n" for path in executed}
    size = sum(len(text.encode()) for text in texts.values())
    if size > LIMIT:
        largest = max(texts, key=lambda name: len(texts[name]))
        raise UnfitView(f"the copies have {size:,} bytes, more than {LIMIT:,}; the largest is {largest}")
    for stale in set(folder.glob("*.ipynb")) - {folder / name for name in texts}:
        stale.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def view(executed: Path, top: Path) -> NotebookNode:
    """Return an executed notebook as it is shown in the repository.

    Pictures have the resolution of a screen. Sites that show notebooks ignore that a cell's code is hidden, so a line
    that says where it is replaces such code. Links lead from the new place to where they led before.

    Raises
    ------
    UnfitView
        As for `write`.
    """
    content = nbformat.read(executed, as_version=4)
    content.metadata = _only(content.metadata, "kernelspec") | {"language_info": {"name": "python"}}
    for cell in content.cells:
        cell.metadata = _only(cell.metadata, "tags", "jupyter")
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        cell.source = _portable(cell.source, executed, top)
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs if (kept := _shown(output, executed, top))]
            if hidden(cell):
                cell.source = f"# set-up, hidden here: see {SOURCES}/{executed.name}"
        else:
            cell.source = _moved(cell.source, executed.name)
    outputs = [output for cell in content.cells for output in cell.get("outputs", [])]
    if not outputs:
        raise UnfitView(f"{executed} has no result: it was not run, or shows nothing")
    _number_tables([output.data for output in outputs if "text/html" in output.get("data", {})])
    return content


def hidden(cell: NotebookNode) -> bool:
    """Say whether a cell asks for its code to be hidden."""
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def _shown(output: NotebookNode, executed: Path, top: Path) -> NotebookNode | None:
    """Return an output as it is shown, None if nothing remains."""
    if output.output_type == "error":
        raise UnfitView(f"{executed} failed: {output.ename}: {output.evalue}")
    if output.output_type == "stream":
        output.text = _portable(_PROGRESS.sub("", output.text.replace("\r", "\n")), executed, top)
        return output if output.text.strip() else None
    output.metadata = NotebookNode()
    data = output.data
    if any(kind.startswith("application/vnd.jupyter.widget") for kind in data):
        # A progress bar, or something to play with: nothing without a kernel.
        return None
    if len(data) > 1:
        # Beside another form of the result, the text is often an address in memory.
        data.pop("text/plain", None)
    if "image/png" in data:
        data["image/png"] = shrunk(data["image/png"])
    for kind in [kind for kind in data if kind.startswith("text/")]:
        data[kind] = _portable(data[kind], executed, top)
    if "text/markdown" in data:
        data["text/markdown"] = _moved(data["text/markdown"], executed.name)
    return output


def _only(metadata: NotebookNode, *names: str) -> NotebookNode:
    """Return the metadata of these names that exist and are not empty."""
    return NotebookNode({name: metadata[name] for name in names if metadata.get(name)})


def shrunk(png: str) -> str:
    """Return a picture, PNG in base64, at most `DPI` dots an inch and 256 colours."""
    picture: Image.Image = Image.open(io.BytesIO(base64.b64decode(png)))
    dpi = picture.info.get("dpi", (DPI, DPI))[0]
    picture = picture.convert("RGBA")
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    if dpi > DPI:
        size = (round(flat.width * DPI / dpi), round(flat.height * DPI / dpi))
        flat = flat.resize(size, Image.Resampling.LANCZOS)
    small = io.BytesIO()
    flat.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True, dpi=(DPI, DPI))
    return base64.b64encode(small.getvalue()).decode()


def _portable(text: str, executed: Path, top: Path) -> str:
    """Return text with paths relative to the checkout; raise if another path of this machine remains."""
    for name in dict.fromkeys((str(top), str(top.resolve()))):
        text = text.replace(f"{name}/", "").replace(name, ".")
    for place in (str(Path.home()), tempfile.gettempdir(), sys.prefix):
        if re.search(rf"{re.escape(place)}(?=/)", text):
            line = next(line for line in text.splitlines() if f"{place}/" in line)
            raise UnfitView(f"{executed} shows a path of this machine, which nobody else has: {line.strip()[:80]!r}")
    return text


def _number_tables(shown: list[NotebookNode]) -> None:
    """Name styled tables by their order in the notebook, and not at random."""
    found = [name for data in shown for name in _STYLED.findall(data["text/html"])]
    names = {name: f"T_{number:05x}" for number, name in enumerate(dict.fromkeys(found))}
    for data in shown:
        data["text/html"] = _STYLED.sub(lambda match: names[match[0]], data["text/html"])


def _moved(text: str, name: str) -> str:
    return moved(text, f"{SOURCES}/{name}", f"{FOLDER}/{name}")
