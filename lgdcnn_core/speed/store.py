"""Where the records of speed are: beside the stores of run records, written and checked in the same way."""

import shutil
from collections.abc import Sequence
from typing import Any, ClassVar

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.runs import BrokenRecord, Store, sealed
from lgdcnn_core.runs.directory import RECORD, RecordDirectory
from lgdcnn_core.runs.store import beside_local_store
from lgdcnn_core.speed.record import SpeedRecord

DIRECTORY = "speed"


class SpeedStore(RecordDirectory):
    """A directory of records of speed, ``<machine>/record.json``."""

    levels: ClassVar[int] = 1
    holds: ClassVar[str] = "speed record"

    def read(self, key: str) -> SpeedRecord:
        """Record with this key.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.runs.BrokenRecord
            If it is not what was written.
        """
        name = self.title(key)
        record = SpeedRecord.from_json(self.text(key), name)
        if record.key != key:
            raise BrokenRecord(f"{name} holds that of {record.key}. {sealed.WAY_OUT}")
        return record

    def records(self) -> dict[str, SpeedRecord]:
        """Read all records, by key."""
        return {key: self.read(key) for key in self.keys()}

    def write(self, record: SpeedRecord) -> None:
        """Add a record: all of it, or after a kill nothing of it.

        Raises
        ------
        lgdcnn_core.runs.RecordExists
            If there is one with its key.
        """
        sealed.write_directory(self.path / record.key, {RECORD: record.to_json().encode()})

    def discard(self, key: str) -> None:
        """Remove a record, if it is there, to make it again."""
        shutil.rmtree(self.path / key, ignore_errors=True)


def committed() -> SpeedStore | None:
    """``data/speed`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else SpeedStore("committed", top / "data" / DIRECTORY)


def local() -> SpeedStore:
    """``build/speed``; within the directory that LGDCNN_RUNS names, if it names one."""
    return SpeedStore("local", beside_local_store(DIRECTORY))


def both() -> list[SpeedStore]:
    """Give the committed store, if there is one, and the local one."""
    found = committed()
    return [local()] if found is None else [found, local()]


def origin(stores: Sequence[SpeedStore]) -> dict[str, Any]:
    """Say where a figure of all their records comes from: ``records`` and ``stores``, as `figures.save` takes them."""
    rows = [(store.name, f"{store.path.name}/{key}") for store in stores for key in store.keys()]  # noqa: SIM118
    return {
        "records": pd.DataFrame(rows, columns=["store", "key"]),
        "stores": [Store(store.name, store.path.parent) for store in stores],
    }
