"""Read the parameters of a notebook, and check that values fit them."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from lgdcnn_core.companion.records.places import UnknownStore, known_store

TAG = "parameters"

STORE_PARAMETERS = {"store": False, "stores": True}
"""Parameters that name a store of records, and whether both stores may be named together."""


class UnfitParameters(ValueError):
    """A notebook lacks these parameters, or they have other types."""


def defaults(notebook: Path) -> dict[str, Any]:
    """Return the parameters of a notebook and their default values, from its cell tagged ``parameters``.

    Raises
    ------
    UnfitParameters
        If several cells have this tag, or the cell holds anything but assignments of plain literals.
    """
    cells = [
        cell.source
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])
    ]
    if len(cells) > 1:
        raise UnfitParameters(f"{notebook}: {len(cells)} cells are tagged {TAG!r}; papermill reads one")
    return {name: value for source in cells for name, value in _assignments(source, notebook)}


def check(notebook: Path, values: Mapping[str, Any]) -> None:
    """Raise unless every value belongs to a parameter of the notebook and has its type and, for stores, a known name.

    Papermill only warns of an unknown parameter and runs the notebook with its defaults; and its command line turns
    ``-p x false`` into a string, which is true. None fits any parameter, and a default of None any value. A parameter
    called ``store`` or ``stores`` names stores of records, see `places.named`.

    Raises
    ------
    UnfitParameters
        If values do not fit; the message names them all.
    """
    known = defaults(notebook)
    problems = [problem for name, value in values.items() if (problem := _problem(name, value, known))]
    if problems:
        raise UnfitParameters(f"parameters of {notebook}: {'; '.join(problems)}")


def _problem(name: str, value: object, known: Mapping[str, Any]) -> str:
    """Say what is wrong with a value; "" if nothing is."""
    if name not in known:
        return f"{name} is unknown (there are {', '.join(known) or 'none'})"
    if not _fits(value, known[name]):
        return f"{name} is {value!r}, a {type(value).__name__}; its default is {known[name]!r}"
    if name in STORE_PARAMETERS and isinstance(value, str):
        try:
            known_store(value, both=STORE_PARAMETERS[name])
        except UnknownStore as error:
            return f"{name}: {error}"
    return ""


def _fits(value: object, default: object) -> bool:
    if value is None or default is None:
        return True
    # Python counts True among the integers, and an integer is as good as a float.
    return type(value) is type(default) or (type(value) is int and type(default) is float)


def _assignments(source: str, notebook: Path) -> list[tuple[str, Any]]:
    found = []
    for statement in ast.parse(source).body:
        target: ast.expr | None = None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target = statement.target
        try:
            assert isinstance(target, ast.Name)
            found.append((target.id, ast.literal_eval(statement.value)))  # type: ignore[attr-defined]
        except (AssertionError, ValueError):
            line = ast.unparse(statement)
            raise UnfitParameters(
                f"{notebook}: {line!r} is in the cell tagged {TAG!r}, which is for plain literals"
            ) from None
    return found
