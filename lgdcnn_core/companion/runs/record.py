"""The record of one run: its fields, and its form on disk."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple

from lgdcnn_core.companion.records import places, provenance
from lgdcnn_core.companion.records.sealed_record import SealedRecord
from lgdcnn_core.companion.runs.spec import RunSpec, differing
from lgdcnn_core.training import Epoch

PREDICTIONS = "predictions.parquet"
"""File of the predictions for the test part."""
VALIDATION = "validation.parquet"
"""File of the predictions for the validation part; records of format 1 have none, and neither have refits."""

ANY_LENGTH = ("triangular",)
"""Schedules that do not look at the number of epochs: a shorter training is the beginning of a longer one. Any other
spans the whole training, so that a shorter training is a different one from its first batch on."""


@dataclass(frozen=True)
class RunRecord(SealedRecord):
    """One run and its result.

    Attributes
    ----------
    spec
        The run.
    recipe
        Every value of the recipe: of a network `training.Recipe`, of a baseline `trees.Forest` or `trees.Boosting`.
    metrics
        Of the test data, in the unit of the property. Regression: ``mae``, ``mae_low`` and ``mae_high`` (95 %
        bootstrap interval over compounds), ``rmse``, ``median_absolute_error``, ``r2``, and ``val_mae`` of the
        validation data. Classification: ``accuracy``, ``roc_auc``, ``f1``, ``log_loss``, ``val_log_loss``. None
        where a metric is not defined.
    learning_curve
        Columns of the fields of `training.Epoch`, one value an epoch. Of a baseline they are empty, and
        by the recipe ``"joint"``, where `JointRecord` has them.
    best_epoch, stopped_early
        As in `training.History`, or in `WithoutCurve`.
    validation_chose
        In words, the decisions for which validation data were looked at.
    n_train, n_train_distinct, n_val, n_test
        Rows used in training, the same after duplicate formulas became one, rows of validation (in a refit none) and
        test data.
    seconds
        Wall time: ``training`` (all epochs with their validation, those before a resumption too, but not the training
        of a network that it starts from, which has a record of its own), ``prediction`` (of the test data).
    tokens_per_second
        Elements of compounds that went through training, by its wall time; padding is not counted.
    peak_memory
        GiB, ``host`` and with a GPU ``device``: of the whole process, from its start.
    compute
        ``device``, ``precision``, ``threads``.
    versions
        Of Python and of the packages that numbers depend on.
    platform
        ``system``, ``machine``, ``processor``, ``cores``.
    code
        ``commit`` of the checkout that the code ran from, and whether its code was ``dirty``, that is, different
        from the commit; None if it ran from no checkout.
    started, finished
        UTC, ISO 8601; of this process, if the training was resumed.
    resumed
        The training went on from the checkpoint of a process that was stopped.
    inputs
        sha256 of ``train`` (as used), ``val`` and ``test``, see `provenance.data_hash`; and of the file of weights that
        the training started from, ``source``, if it did.
    outputs
        sha256 of the bytes of each other file of the record.
    load
        Load average over one minute, at ``start`` and at ``end``, see `provenance.load_average`; of this process, if
        the training was resumed. None in a record of format 1.
    """

    DIRECTORY: ClassVar[str] = places.RUNS
    BELOW: ClassVar[int] = 0
    FORMAT: ClassVar[int] = 2
    SINCE: ClassVar[Mapping[str, int]] = {"load": 2}

    spec: RunSpec
    recipe: dict[str, Any]
    metrics: dict[str, float | None]
    learning_curve: dict[str, list[float | None]]
    best_epoch: int
    stopped_early: bool
    validation_chose: str
    n_train: int
    n_train_distinct: int
    n_val: int
    n_test: int
    seconds: dict[str, float]
    tokens_per_second: float
    peak_memory: dict[str, float]
    compute: dict[str, str | int]
    versions: dict[str, str]
    platform: dict[str, str | int | None]
    code: dict[str, str | bool] | None
    started: str
    finished: str
    resumed: bool
    inputs: dict[str, str]
    outputs: dict[str, str]
    load: dict[str, float | None] | None = None

    @property
    def undisturbed(self) -> bool | None:
        """Whether the run had its cores to itself, see `provenance.undisturbed`; None if that is unknown."""
        return provenance.undisturbed(self.load, self.compute)

    def changed_since(self) -> list[str]:
        """Name the values of the recipe that are others today: with any, the same specification is another run."""
        return differing(self.spec.model, self.recipe, self.spec.full_recipe().as_dict())

    @property
    def changed(self) -> str:
        """Names of the values that `changed_since` finds, with commas."""
        return ", ".join(self.changed_since())

    @property
    def schedule_epochs(self) -> int | None:
        """Epochs that the learning-rate schedule spans; None where it does not look at them."""
        return None if self.recipe.get("schedule", ANY_LENGTH[0]) in ANY_LENGTH else self.recipe["epochs"]

    @property
    def epochs_run(self) -> int:
        """Epochs that were trained."""
        return len(self.learning_curve["epoch"])


class WithoutCurve(NamedTuple):
    """What a training went through that has no learning curve, as `training.History` says it of others.

    Attributes
    ----------
    epochs
        Empty.
    best_epoch
        Trees or rounds of boosting that are kept; of a joint training the epoch whose weights are.
    tokens
        Elements of compounds that went through training.
    stopped_early
        It ended before the recipe's epochs or rounds.
    seconds
        Wall time; of trees, with reading the formulas and computing their features.
    """

    epochs: list[Epoch]
    best_epoch: int
    tokens: int
    stopped_early: bool
    seconds: float


def learning_curve(epochs: list[Epoch]) -> dict[str, list[float | None]]:
    """Columns of a learning curve; None where a value is not finite, as an error of the last epoch may be."""
    rows = [asdict(epoch) for epoch in epochs]
    columns = {name: [row[name] for row in rows] for name in Epoch.__dataclass_fields__}
    return {
        name: [value if value is None or math.isfinite(value) else None for value in values]
        for name, values in columns.items()
    }
