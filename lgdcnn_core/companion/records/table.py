"""Records as a table: one row per record, with the columns that its kind declares."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord

MACHINE = {
    "device": "compute.device",
    "precision": "compute.precision",
    "threads": "compute.threads",
    "processor": "platform.processor",
    "commit": "code.commit",
    "dirty": "code.dirty",
}
"""Columns that state the machine and the code of a training."""


def table(
    records: Iterable[tuple[str, SealedRecord]], columns: Mapping[str, str], types: Mapping[str, str]
) -> pd.DataFrame:
    """Flatten records into a table.

    Parameters
    ----------
    records
        The store's name and the record, for example from `held`.
    columns
        By column, the path to its values: names of fields, attributes or keys, joined by dots, such as
        ``"spec.dataset"`` or ``"metrics.mae"``. A key that a record lacks gives a missing value.
    types
        The dtype of each column for which pandas would infer another.

    Returns
    -------
    DataFrame
        One row per record: ``store``, ``key``, then `columns`.
    """
    rows = [
        (store, record.key, *(_value(record, path.split(".")) for path in columns.values()))
        for store, record in records
    ]
    return pd.DataFrame(rows, columns=["store", "key", *columns]).astype(dict(types))


def held(stores: Iterable[RecordDirectory[Any]]) -> list[tuple[str, Any]]:
    """Read every record of the stores; return each with the name of its store."""
    return [(store.name, record) for store in stores for record in store.records().values()]


def alone(records: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which runs had their cores to themselves, by ``undisturbed``; older records do not say, and count."""
    return records["undisturbed"].fillna(True).astype(bool)


def _value(part: Any, path: Iterable[str]) -> Any:
    for name in path:
        part = part.get(name) if isinstance(part, Mapping) else None if part is None else getattr(part, name)
    return part
