"""Stores of run records, and of their predictions."""

import io
from typing import ClassVar

import pandas as pd

from lgdcnn_core.companion.records import places
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.runs.record import PREDICTIONS, RunRecord


class Store(RecordDirectory[RunRecord]):
    """A directory of run records, ``<dataset>/<run>/{record.json,predictions.parquet}``."""

    record: ClassVar[type[RunRecord]] = RunRecord
    below: ClassVar[int] = 0
    of: ClassVar[str] = "the run"

    def predictions(self, key: str) -> pd.DataFrame:
        """Test predictions of this record, checked like `read`.

        Returns
        -------
        DataFrame
            Columns ``formula``, ``actual``, ``predicted``, ``uncertainty`` (standard deviation) in the unit of the
            property, for Matbench ``id`` as well; in classification ``predicted`` is the probability of class 1
            and ``uncertainty`` is missing.
        """
        return pd.read_parquet(io.BytesIO(self.read_with_files(key)[1][PREDICTIONS]))


def parquet(predictions: pd.DataFrame) -> bytes:
    """Bytes of the Parquet file of predictions."""
    return predictions.to_parquet(index=False, compression="zstd")


def committed_store() -> Store | None:
    """``data/runs`` of the checkout; None if the package is installed without one."""
    return places.committed(Store, places.RUNS)


def local_store() -> Store:
    """Where this machine's records go: what LGDCNN_RUNS names, else ``build/runs`` of the checkout.

    Without a checkout it is in the user's cache directory.
    """
    return places.local(Store, places.RUNS)


def both_stores() -> list[Store]:
    """Give the committed store, if there is one, and the local one."""
    return places.both(Store, places.RUNS)
