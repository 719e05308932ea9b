"""Read the predictions of several records row by row, provided that their rows are the same."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from lgdcnn_core.companion.runs.store import Store
from lgdcnn_core.composition.compositions import CASES_SHOWN, listed

_ROW = ["id", "formula", "actual"]
"""Columns that identify a row, whichever model predicts it; only Matbench has the first."""


class UnlikeRecords(ValueError):
    """Records differ too much to be combined or compared."""


def same_rows(store: Store, keys: Sequence[str], part: Literal["test", "validation"] = "test") -> list[pd.DataFrame]:
    """Read the predictions of these records of one store for a part, and check that their rows are the same.

    Raises
    ------
    KeyError, BrokenRecord, NoValidation
        As in `Store.predictions` and `Store.validation`.
    UnlikeRecords
        If a record has other compounds or targets than the first, or another order. The message names both
        records and the rows.
    """
    read = store.validation if part == "validation" else store.predictions
    tables = [read(key) for key in keys]
    columns = [name for name in _ROW if name in tables[0]]
    rows = tables[0][columns]
    for key, table in zip(keys[1:], tables[1:], strict=True):
        if difference := _difference(rows, table.reindex(columns=columns)):
            raise UnlikeRecords(
                f"records {keys[0]} and {key} of the {store.name} store have different {part} rows: {difference}"
            )
    return tables


def _difference(rows: pd.DataFrame, others: pd.DataFrame) -> str:
    """State how rows differ from others; "" if they do not."""
    if len(rows) != len(others):
        return f"{len(rows)} and {len(others)}"
    places = rows.index[(rows != others).any(axis=1)]
    first = (f"row {place}: {_text(rows, place)} and {_text(others, place)}" for place in places[:CASES_SHOWN])
    return listed(first, count=len(places))


def _text(rows: pd.DataFrame, place: int) -> str:
    return " ".join(map(str, rows.loc[place]))
