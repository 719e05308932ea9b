"""Stores of readings: beside the stores of run records, written and checked in the same way."""

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.readings.record import ReadingRecord
from lgdcnn_core.readings.spec import Kind, ReadingSpec
from lgdcnn_core.runs import BrokenRecord, Store, sealed
from lgdcnn_core.runs.directory import RECORD, RecordDirectory
from lgdcnn_core.runs.store import beside_local_store

if TYPE_CHECKING:
    from lgdcnn_core.readings.embeddings import Embeddings
    from lgdcnn_core.readings.environments import Environments


class ReadingStore(RecordDirectory):
    """A directory of readings of one kind, ``<dataset>/<run>/<part>_<element>/{record.json,*.parquet}``."""

    levels: ClassVar[int] = 3
    holds: ClassVar[str] = "reading"

    def read(self, key: str) -> tuple[ReadingRecord, dict[str, bytes]]:
        """Record with this key and the bytes of its other files, all checked.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.runs.BrokenRecord
            If any of its files is not what was written; the message names it.
        """
        name = self.title(key)
        record = ReadingRecord.from_json(self.text(key), name)
        if record.spec.key != key:
            raise BrokenRecord(f"{name} holds the reading {record.spec.key}. {sealed.WAY_OUT}")
        return record, {
            file: sealed.read_checked(self.path / key, file, sha256, name) for file, sha256 in record.outputs.items()
        }

    def write(self, record: ReadingRecord, files: Mapping[str, bytes]) -> None:
        """Add a record and its files: all of it, or after a kill nothing of it.

        Raises
        ------
        lgdcnn_core.runs.RecordExists
            If there is one with its key.
        """
        assert record.outputs == hashes(files)
        sealed.write_directory(self.path / record.spec.key, {**files, RECORD: record.to_json().encode()})

    def discard(self, spec: ReadingSpec) -> None:
        """Remove a record, if it is there, to make it again."""
        shutil.rmtree(self.path / spec.key, ignore_errors=True)


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """sha256 of each file's bytes."""
    return {name: sealed.sha256(content) for name, content in files.items()}


def committed(kind: Kind) -> ReadingStore | None:
    """``data/cecv`` or ``data/embeddings`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else ReadingStore("committed", top / "data" / kind)


def local(kind: Kind) -> ReadingStore:
    """``build/cecv`` or ``build/embeddings``; within the directory that LGDCNN_RUNS names, if it names one."""
    return ReadingStore("local", beside_local_store(kind))


def origin(*readings: "Environments | Embeddings") -> dict[str, Any]:
    """Say where a figure of these readings comes from: what `figures.save` takes as ``records`` and ``stores``."""
    stores: dict[str, Store] = {}
    rows = []
    for each in readings:
        kind = each.record.spec.kind
        found = committed(kind) if each.store == "committed" else local(kind)
        assert found is not None
        stores[each.store] = Store(each.store, found.path.parent)
        rows.append((each.store, f"{kind}/{each.record.spec.key}"))
    return {"records": pd.DataFrame(rows, columns=["store", "key"]), "stores": list(stores.values())}
