"""Stores of run records: directories, written atomically, read with every hash checked."""

import io
import os
from pathlib import Path

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.runs import sealed
from lgdcnn_core.runs.directory import RECORD, RecordDirectory
from lgdcnn_core.runs.record import PREDICTIONS, RunRecord
from lgdcnn_core.runs.sealed import WAY_OUT, BrokenRecord

VARIABLE = "LGDCNN_RUNS"
"""Environment variable that names the directory of the local store."""


class Store(RecordDirectory):
    """A directory of run records, ``<dataset>/<run>/{record.json,predictions.parquet}``."""

    def read(self, key: str) -> RunRecord:
        """Record with this key, its predictions checked against it.

        Raises
        ------
        KeyError
            If there is none.
        BrokenRecord
            If any of its files is not what was written; the message names it.
        """
        return self._read(key)[0]

    def predictions(self, key: str) -> pd.DataFrame:
        """Test predictions of this record, checked like `read`.

        Returns
        -------
        DataFrame
            Columns ``formula``, ``actual``, ``predicted``, ``uncertainty`` (standard deviation) in the unit of the
            property, for Matbench ``id`` as well; in classification ``predicted`` is the probability of class 1
            and ``uncertainty`` is missing.
        """
        return pd.read_parquet(io.BytesIO(self._read(key)[1]))

    def _read(self, key: str) -> tuple[RunRecord, bytes]:
        name = self.title(key)
        record = RunRecord.from_json(self.text(key), name)
        if record.spec.key != key:
            raise BrokenRecord(f"{name} holds the run {record.spec.key}. {WAY_OUT}")
        content = sealed.read_checked(self.path / key, PREDICTIONS, record.outputs[PREDICTIONS], name)
        return record, content

    def write(self, record: RunRecord, content: bytes) -> None:
        """Add a record: all of it, or after a kill nothing of it.

        Parameters
        ----------
        record
            The record; its `outputs` holds the hash of `content`.
        content
            Bytes of the Parquet file, from `parquet`.

        Raises
        ------
        RecordExists
            If there is one with its key.
        """
        files = {PREDICTIONS: content, RECORD: record.to_json().encode()}
        sealed.write_directory(self.path / record.spec.key, files)


def parquet(predictions: pd.DataFrame) -> bytes:
    """Bytes of the Parquet file of predictions."""
    return predictions.to_parquet(index=False, compression="zstd")


def committed_store() -> Store | None:
    """``data/runs`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else Store("committed", top / "data" / "runs")


def local_store() -> Store:
    """Where this machine's records go: what LGDCNN_RUNS names, else ``build/runs`` of the checkout.

    Without a checkout it is in the user's cache directory.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Store("local", Path(named).expanduser().absolute())
    top = checkout()
    if top is not None:
        return Store("local", top / "build" / "runs")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Store("local", Path(cache) / "lgdcnn" / "runs")


def beside_local_store(directory: str) -> Path:
    """Where this machine's records of another kind go: beside those of runs, or within what LGDCNN_RUNS names."""
    runs = local_store().path
    return (runs if os.environ.get(VARIABLE) else runs.parent) / directory


def both_stores() -> list[Store]:
    """Give the committed store, if there is one, and the local one."""
    committed = committed_store()
    return [local_store()] if committed is None else [committed, local_store()]
