"""Where the records of trials are, and their predictions."""

import io
from typing import ClassVar

import pandas as pd

from lgdcnn_core.companion.records import places
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.runs import RunSpec
from lgdcnn_core.companion.runs.parts import held_out
from lgdcnn_core.companion.runs.predictions import restored
from lgdcnn_core.companion.runs.record import PREDICTIONS
from lgdcnn_core.companion.tuning.record import TrialRecord

DIRECTORY = "tuning"


class TrialStore(RecordDirectory[TrialRecord]):
    """A directory of trials, ``<dataset>/<trial>[_fold<k>]_seed<n>/{record.json,predictions.parquet}``."""

    record: ClassVar[type[TrialRecord]] = TrialRecord
    holds: ClassVar[str] = "trial"
    of: ClassVar[str] = "the trial"

    def predictions(self, key: str) -> pd.DataFrame | None:
        """Read the validation predictions of this record, checked like `read`; None if its training diverged.

        Returns
        -------
        DataFrame
            Columns ``formula``, ``actual``, ``predicted``, in the unit of the property; rows as in the validation data.

        Raises
        ------
        lgdcnn_core.companion.runs.DifferentData
            If the data set here is not the one that the record states.
        """
        record, files = self.read_with_files(key)
        if PREDICTIONS not in files:
            return None
        if record.format == 1:
            return pd.read_parquet(io.BytesIO(files[PREDICTIONS]))
        part = held_out(RunSpec(record.dataset, record.fold), "val", record.inputs["val"], self.title(key))
        return restored(files[PREDICTIONS], part)[["formula", "actual", "predicted"]]


def committed_trials() -> TrialStore | None:
    """``data/tuning`` of the checkout; None if the package is installed without one."""
    return places.committed(TrialStore, DIRECTORY)


def local_trials() -> TrialStore:
    """``build/tuning``; within the directory that LGDCNN_RUNS names, if it names one."""
    return places.local(TrialStore, DIRECTORY)
