"""Find the columns of formulas and targets by the names that people give them."""

import re
from collections.abc import Sequence

import pandas as pd

from lgdcnn_core.tables.errors import UnreadableTable

FORMULA, TARGET = "formula", "target"

CALLED_FORMULA = (
    *(FORMULA, "chemical formula", "reduced formula", "pretty formula", "formula pretty", "full formula"),
    *("composition", "compositions", "formulas", "formulae", "chemical composition", "compound", "material"),
)
"""Names of columns of formulas, as `plain` writes them. The first one is taken before the others."""

CALLED_TARGET = (TARGET, "targets", "y")

_INDEX = re.compile(r"(unnamed: 0)?", re.IGNORECASE)
"""Name of the column that pandas makes of an index when it writes a table."""

Columns = Sequence[object] | pd.Index


def plain(name: object) -> str:
    """Return a column's name without what people vary: case, blanks, hyphens and underscores."""
    return " ".join(re.split(r"[\s_-]+", str(name).strip().casefold()))


def formula_column(columns: Columns, name: str | None = None) -> object:
    """Return the column that holds the formulas.

    Parameters
    ----------
    columns
        Names of the columns of a table.
    name
        Name given by the user; case, blanks, hyphens and underscores may differ if no other column is meant.

    Raises
    ------
    UnreadableTable
        If there is no such column, or more than one; the message lists the columns.
    """
    if name is not None:
        return named(columns, name)
    if FORMULA in list(columns):
        return FORMULA
    by_name = [column for called in CALLED_FORMULA for column in columns if plain(column) == called]
    first = [column for column in by_name if plain(column) == FORMULA]
    found = first or by_name
    if len(found) == 1:
        return found[0]
    if found:
        raise UnreadableTable(
            f"several columns may hold the formulas: {_listed(found)}; rename all but one, or say which one is meant"
        )
    raise UnreadableTable(
        f"the table has no column {FORMULA!r}; its columns are {_listed(columns)}. Rename the column of formulas, or "
        "say which one it is"
    )


def target_columns(frame: pd.DataFrame, formula: object, names: Sequence[str] = ()) -> list[object]:
    """Return the columns of targets.

    Parameters
    ----------
    frame
        A table with numbers, as from `Source.frame`.
    formula
        Its column of formulas.
    names
        Names given by the user, as in `formula_column`. None: the column ``target``, or else the only column of
        numbers.

    Raises
    ------
    UnreadableTable
        If there is no such column, or several may be meant.
    """
    others: list[object] = [column for column in frame.columns if column != formula]
    if names:
        return [named(others, name) for name in names]
    called: list[object] = [column for column in others if plain(column) in CALLED_TARGET]
    if len(called) == 1:
        return called
    numbers: list[object] = [column for column in others if pd.api.types.is_numeric_dtype(frame[column])]
    if len(numbers) == 1:
        return numbers
    if not numbers:
        raise UnreadableTable(f"no column has numbers; the columns are {_listed(frame.columns)}")
    raise UnreadableTable(f"several columns have numbers: {_listed(numbers)}; say which one is the target")


def named(columns: Columns, name: str) -> object:
    """Return the column that a name means.

    Raises
    ------
    UnreadableTable
        If there is none, or more than one.
    """
    if name in list(columns):
        return name
    alike = [column for column in columns if plain(column) == plain(name)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise UnreadableTable(f"{name!r} may be any of the columns {_listed(alike)}")
    raise UnreadableTable(f"the table has no column {name!r}; its columns are {_listed(columns)}")


def index_columns(columns: Columns) -> list[object]:
    """Return the nameless first column that a table gets if it is saved with its index."""
    return [column for column in list(columns)[:1] if _INDEX.fullmatch(str(column).strip())]


def _listed(columns: Columns) -> str:
    return ", ".join(repr(str(column)) for column in columns)
