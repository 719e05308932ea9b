"""Where the records of trials are: directories, written atomically, read with every hash checked."""

import io
from collections.abc import Iterable
from typing import Any, ClassVar

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.runs import BrokenRecord, Store, sealed
from lgdcnn_core.runs.directory import RECORD, RecordDirectory
from lgdcnn_core.runs.record import PREDICTIONS
from lgdcnn_core.runs.store import beside_local_store
from lgdcnn_core.tuning.record import TrialRecord

DIRECTORY = "tuning"


class TrialStore(RecordDirectory):
    """A directory of trials, ``<dataset>/<trial>[_fold<k>]_seed<n>/{record.json,predictions.parquet}``."""

    holds: ClassVar[str] = "trial"

    def read(self, key: str) -> TrialRecord:
        """Record with this key, its predictions checked against it.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.runs.BrokenRecord
            If any of its files is not what was written; the message names it.
        """
        return self._read(key)[0]

    def predictions(self, key: str) -> pd.DataFrame | None:
        """Read the validation predictions of this record, checked like `read`; None if its training diverged.

        Returns
        -------
        DataFrame
            Columns ``formula``, ``actual``, ``predicted``, in the unit of the property; rows as in the validation data.
        """
        content = self._read(key)[1].get(PREDICTIONS)
        return None if content is None else pd.read_parquet(io.BytesIO(content))

    def _read(self, key: str) -> tuple[TrialRecord, dict[str, bytes]]:
        name = self.title(key)
        record = TrialRecord.from_json(self.text(key), name)
        if record.key != key:
            raise BrokenRecord(f"{name} holds the trial {record.key}. {sealed.WAY_OUT}")
        return record, {
            file: sealed.read_checked(self.path / key, file, sha256, name) for file, sha256 in record.outputs.items()
        }

    def write(self, record: TrialRecord, files: dict[str, bytes]) -> None:
        """Add a record and its files: all of it, or after a kill nothing of it.

        Raises
        ------
        lgdcnn_core.runs.RecordExists
            If there is one with its key.
        """
        assert record.outputs == {name: sealed.sha256(content) for name, content in files.items()}
        sealed.write_directory(self.path / record.key, {**files, RECORD: record.to_json().encode()})

    def records(self) -> list[TrialRecord]:
        """Read all records."""
        return [self.read(key) for key in self.keys()]

    def origin(self, keys: Iterable[str]) -> dict[str, Any]:
        """Say where a figure of these records comes from: ``records`` and ``stores``, as `figures.save` takes them."""
        within = [f"{self.path.name}/{key}" for key in keys]
        return {
            "records": pd.DataFrame({"store": self.name, "key": within}),
            "stores": [Store(self.name, self.path.parent)],
        }


def committed_trials() -> TrialStore | None:
    """``data/tuning`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else TrialStore("committed", top / "data" / DIRECTORY)


def local_trials() -> TrialStore:
    """``build/tuning``; within the directory that LGDCNN_RUNS names, if it names one."""
    return TrialStore("local", beside_local_store(DIRECTORY))
