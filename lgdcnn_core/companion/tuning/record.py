"""The record of one trial on one data set with one seed: its fields, and its form on disk."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pandas as pd

from lgdcnn_core.companion.records import provenance
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord
from lgdcnn_core.companion.runs import RunSpec
from lgdcnn_core.companion.runs.parts import held_out
from lgdcnn_core.companion.runs.predictions import restored
from lgdcnn_core.companion.runs.record import PREDICTIONS
from lgdcnn_core.companion.tuning.spec import Task, Trial, key

Outcome = Literal["trained", "diverged"]


@dataclass(frozen=True)
class TrialRecord(SealedRecord):
    """Result of one trial; a training that failed is a result as well.

    Attributes
    ----------
    trial
        The trial.
    dataset, fold, seed
        As in `runs.RunSpec`.
    recipe
        Every value of the recipe.
    outcome, message
        ``"trained"``; or ``"diverged"``, with the error of the training.
    val_mae
        MAE of the validation data with the weights that were kept, in the unit of the property; None if diverged.
    best_epoch
        As in `training.History`; None if diverged.
    learning_curve
        Columns named after the fields of `training.Epoch`, one value per epoch; empty if diverged.
    seconds
        Wall time of the training, validation included; if it diverged, the time until then.
    tokens_per_second
        As in `runs.RunRecord`; None if diverged.
    compute, versions, platform, code, finished, outputs, load
        As in `runs.RunRecord`.
    inputs
        sha256 of ``train`` and ``val``, see `records.provenance.data_hash`; test data are never read. If the training
        started from weights, also ``source``, as in `runs.RunRecord`.
    """

    CALLED: ClassVar[str] = "trial"
    DIRECTORY: ClassVar[str] = "tuning"
    FORMAT: ClassVar[int] = 2
    SINCE: ClassVar[Mapping[str, int]] = {"load": 2}

    trial: Trial
    dataset: str
    fold: int | None
    seed: int
    recipe: dict[str, Any]
    outcome: Outcome
    message: str | None
    val_mae: float | None
    best_epoch: int | None
    learning_curve: dict[str, list[float | None]]
    seconds: float
    tokens_per_second: float | None
    compute: dict[str, str | int]
    versions: dict[str, str]
    platform: dict[str, str | int | None]
    code: dict[str, str | bool] | None
    finished: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    load: dict[str, float | None] | None = None

    @property
    def undisturbed(self) -> bool | None:
        """Whether the training had its cores to itself, see `records.provenance.undisturbed`."""
        return provenance.undisturbed(self.load, self.compute)

    @property
    def task(self) -> Task:
        """The data that the trial was run on."""
        return Task(self.dataset, self.fold)

    @property
    def key(self) -> str:
        """Directory of the record in its store."""
        return key(self.trial.name, self.task, self.seed)

    @property
    def epochs_run(self) -> int:
        """Epochs that were trained."""
        return len(self.learning_curve["epoch"])

    @property
    def last_val_error(self) -> float | None:
        """Validation error after the last epoch, which validation data did not choose; None if diverged."""
        curve = self.learning_curve["val_error"]
        return curve[-1] if curve else None


class TrialStore(RecordDirectory[TrialRecord]):
    """A directory of trials, ``<dataset>/<trial>[_fold<k>]_seed<n>/{record.json,predictions.parquet}``."""

    kind: ClassVar[type[TrialRecord]] = TrialRecord

    def predictions(self, key: str) -> pd.DataFrame | None:
        """Read a record's validation predictions, checked as in `read`; None if its training diverged.

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


committed_trials, local_trials = TrialStore.committed, TrialStore.local
