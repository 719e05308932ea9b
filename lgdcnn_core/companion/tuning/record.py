"""The record of one trial on one data set with one seed: its fields, and its form on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from lgdcnn_core.companion.records import provenance
from lgdcnn_core.companion.records.sealed_record import Plain, SealedRecord
from lgdcnn_core.companion.tuning.spec import Task, Trial, key

Outcome = Literal["trained", "diverged"]


@dataclass(frozen=True)
class TrialRecord(SealedRecord):
    """What came of one trial; a training that failed is a result as well.

    Attributes
    ----------
    trial
        What was tried.
    dataset, fold, seed
        As in `runs.RunSpec`.
    recipe
        Every value of the recipe.
    outcome, message
        ``"trained"``; or ``"diverged"``, and then what the training said of it.
    val_mae
        MAE of the validation data with the weights that were kept, in the unit of the property; None if diverged.
    best_epoch
        As in `training.History`; None if diverged.
    learning_curve
        Columns of the fields of `training.Epoch`, one value an epoch; without values if diverged.
    seconds
        Wall time of the training, validation included; if diverged, until then.
    tokens_per_second
        As in `runs.RunRecord`; None if diverged.
    compute, versions, platform, code, finished, outputs, load
        As in `runs.RunRecord`.
    inputs
        sha256 of ``train`` and ``val``, see `records.provenance.data_hash`; test data are never read. As in
        `runs.RunRecord`, ``source``, if the training started from weights.
    """

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
        """The data that it was tried on."""
        return Task(self.dataset, self.fold)

    @property
    def key(self) -> str:
        """Directory of the record in its store."""
        return key(self.trial.name, self.task, self.seed)

    @classmethod
    def _nested(cls) -> dict[str, type[Plain]]:
        return {"trial": Trial}
