"""The record of one trial on one data set with one seed: its fields, and its form on disk."""

from dataclasses import dataclass, fields
from typing import Any, Literal

from lgdcnn_core.runs import sealed
from lgdcnn_core.tuning.spec import Task, Trial, key

FORMAT = 1
"""Version of the fields below; a reader refuses a record of another one."""

Outcome = Literal["trained", "diverged"]


@dataclass(frozen=True)
class TrialRecord:
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
    compute, versions, platform, code, finished, outputs
        As in `runs.RunRecord`.
    inputs
        sha256 of ``train`` and ``val``, see `runs.provenance.data_hash`; test data are never read.
    """

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

    @property
    def task(self) -> Task:
        """The data that it was tried on."""
        return Task(self.dataset, self.fold)

    @property
    def key(self) -> str:
        """Directory of the record in its store."""
        return key(self.trial.name, self.task, self.seed)

    def to_json(self) -> str:
        """Text of ``record.json``: one line a field, and a sha256 over all of them."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        return sealed.seal(content | {"trial": self.trial.as_dict()}, FORMAT)

    @classmethod
    def from_json(cls, text: str, name: str) -> "TrialRecord":
        """Record from the text of its ``record.json``; `name` is what an error calls it.

        Raises
        ------
        lgdcnn_core.runs.BrokenRecord
            If it is not what `to_json` made.
        """
        content = sealed.unseal(text, name, FORMAT, [field.name for field in fields(cls)])
        return cls(**{**content, "trial": Trial(**content["trial"])})
