"""Records as a table: one row a record, with the columns that its kind declares."""

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
"""Columns that say what a training computed on, and with which code."""


def table(
    records: Iterable[tuple[str, SealedRecord]], columns: Mapping[str, str], types: Mapping[str, str]
) -> pd.DataFrame:
    """Flatten records.

    Parameters
    ----------
    records
        Name of the store and record, from `held` say.
    columns
        By column, where its values are: names of fields, of attributes or of keys, with dots between, such as
        ``"spec.dataset"`` or ``"metrics.mae"``. A key that a record lacks gives a missing value.
    types
        By column, its dtype, where it is not the one that pandas infers.

    Returns
    -------
    DataFrame
        One row a record: ``store``, ``key``, then `columns`.
    """
    rows = [
        (store, record.key, *(_value(record, path.split(".")) for path in columns.values()))
        for store, record in records
    ]
    return pd.DataFrame(rows, columns=["store", "key", *columns]).astype(dict(types))


def held(stores: Iterable[RecordDirectory[Any]]) -> list[tuple[str, Any]]:
    """Read every record of the stores, each with the name of its store."""
    return [(store.name, record) for store in stores for record in store.records().values()]


def _value(part: Any, path: Iterable[str]) -> Any:
    for name in path:
        part = part.get(name) if isinstance(part, Mapping) else None if part is None else getattr(part, name)
    return part
