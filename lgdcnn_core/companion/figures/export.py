"""Store a figure: the picture, the numbers behind it, and their origin."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import style
from matplotlib.figure import Figure

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.figures.style import STYLE
from lgdcnn_core.companion.records import provenance
from lgdcnn_core.companion.records.directory import RECORD, RecordDirectory
from lgdcnn_core.companion.runs.store import both_stores

VARIABLE = "LGDCNN_FIGURES"
"""Environment variable that names the directory of figures; relative to the checkout."""

PACKAGES = ("lgdcnn-core", "matplotlib", "numpy", "pandas", "seaborn")
"""Packages that a picture of given records depends on."""


def folder() -> Path:
    """Return the directory of figures: the one that LGDCNN_FIGURES names, else ``build/figures`` of the checkout.

    Without a checkout, paths are relative to the working directory.
    """
    # Not relative to the working directory where that can be helped: a notebook's is anywhere.
    return (checkout() or Path.cwd()) / Path(os.environ.get(VARIABLE) or "build/figures").expanduser()


def save(
    figure: Figure,
    name: str,
    data: pd.DataFrame,
    records: pd.DataFrame,
    directory: Path | None = None,
    stores: Iterable[RecordDirectory[Any]] | None = None,
    *,
    caption: str = "",
    notebook: str = "",
) -> list[Path]:
    """Store a figure as ``<name>.png``, ``.svg``, ``.csv`` and ``.json``.

    The same figure from the same records gives the same bytes, whenever it is drawn. Only the commit could differ: the
    file keeps the one at which the figure first had its present form.

    Parameters
    ----------
    figure
        The figure.
    name
        File name without suffix.
    data
        The numbers that are drawn.
    records
        The run records that they come from, rows of `runs.load_records` (columns ``store`` and ``key``); may be empty.
    directory
        Where to store the files; the default is `folder`.
    stores
        Stores that hold the records; the default is both.
    caption
        One or two sentences for the gallery: the content of the figure, and the conclusion to draw from it.
    notebook
        Name of the notebook that draws the figure, such as ``"03_convergence"``.

    Returns
    -------
    list of Path
        The four files.
    """
    directory = folder() if directory is None else directory
    directory.mkdir(parents=True, exist_ok=True)
    png, svg, csv, origin = (directory / f"{name}.{suffix}" for suffix in ("png", "svg", "csv", "json"))
    with style.context(STYLE):
        figure.savefig(png, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None, "Creator": None})
    data.to_csv(csv, index=False, lineterminator="\n")
    content = {
        "figure": name,
        "caption": caption,
        "notebook": notebook,
        "files": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (png, svg, csv)},
        "records": _records(records, both_stores() if stores is None else stores),
        "versions": {"python": platform.python_version()} | {each: metadata.version(each) for each in PACKAGES},
        "code": provenance.code(),
    }
    if not _says_the_same(origin, content):
        origin.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [png, svg, csv, origin]


def _records(records: pd.DataFrame, stores: Iterable[RecordDirectory[Any]]) -> list[dict[str, str]]:
    """Store, key and sha256 of ``record.json`` of each record, sorted."""
    paths = {store.name: store.path for store in stores}
    pairs = sorted(set(records[["store", "key"]].itertuples(index=False, name=None)))
    return [
        {"store": store, "key": key, "sha256": hashlib.sha256((paths[store] / key / RECORD).read_bytes()).hexdigest()}
        for store, key in pairs
    ]


def _says_the_same(origin: Path, content: dict[str, Any]) -> bool:
    """Whether the file is there already and differs in the commit at most; a clean commit replaces a dirty one."""
    try:
        known = json.loads(origin.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    was, now = known.pop("code", None), content["code"]
    if now and not now["dirty"] and (was is None or was["dirty"]):
        return False
    return bool(known == {name: value for name, value in content.items() if name != "code"})
