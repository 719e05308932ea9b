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
"""File of the predictions for the validation part; records of format 1 and refits have none."""

ANY_LENGTH = ("triangular",)
"""Schedules that do not depend on the number of epochs: a shorter training is the beginning of a longer one. Any other
schedule spans the whole training, so that a shorter training differs from its first batch on."""


@dataclass(frozen=True)
class RunRecord(SealedRecord):
    """One run and its result.

    Attributes
    ----------
    spec
        The run.
    recipe
        Every value of the recipe: `training.Recipe` for a network, `trees.Forest` or `trees.Boosting` for a baseline.
    metrics
        Metrics of the test data, in the unit of the property. Regression: ``mae``, ``mae_low`` and ``mae_high`` (95 %
        bootstrap interval over compounds), ``rmse``, ``median_absolute_error``, ``r2``, and ``val_mae`` of the
        validation data. Classification: ``accuracy``, ``roc_auc``, ``f1``, ``log_loss``, ``val_log_loss``. None
        where a metric is not defined.
    learning_curve
        Columns for the fields of `training.Epoch`, one value per epoch. They are empty for a baseline, and for the
        recipe ``"joint"``, where `JointRecord` has them.
    best_epoch, stopped_early
        As in `training.History`, or in `WithoutCurve`.
    validation_chose
        In words, the decisions that depended on validation data.
    n_train, n_train_distinct, n_val, n_test
        Rows used in training, these rows after merging duplicate formulas, rows of validation data (none in a refit),
        and rows of test data.
    seconds
        Wall time of ``training`` and of ``prediction`` (of the test data). Training includes all epochs with their
        validation, also those before a resumption. It excludes the training of a source network, which has its own
        record.
    tokens_per_second
        Elements of compounds that went through training, per second of wall time; padding is not counted.
    peak_memory
        In GiB, of the whole process from its start: ``host``, and with a GPU ``device``.
    compute
        ``device``, ``precision``, ``threads``.
    versions
        Of Python and of the packages that numbers depend on.
    platform
        ``system``, ``machine``, ``processor``, ``cores``.
    code
        ``commit`` of the checkout that the code ran from, and whether the code was ``dirty``, that is, different
        from the commit; None if the code did not run from a checkout.
    started, finished
        UTC, ISO 8601; of this process, if the training was resumed.
    resumed
        Whether the training resumed from the checkpoint of a process that was stopped.
    inputs
        sha256 of ``train`` (as used), ``val`` and ``test``, see `provenance.data_hash`; and of ``source``, the file of
        weights that the training started from, if there was one.
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
        """Whether the run had its cores to itself, see `provenance.undisturbed`; None if unknown."""
        return provenance.undisturbed(self.load, self.compute)

    def changed_since(self) -> list[str]:
        """Name the values of the recipe that have changed since; any change makes it another run today."""
        return differing(self.spec.model, self.recipe, self.spec.full_recipe().as_dict())

    @property
    def changed(self) -> str:
        """Names of the values that `changed_since` finds, joined by commas."""
        return ", ".join(self.changed_since())

    @property
    def schedule_epochs(self) -> int | None:
        """Epochs that the learning-rate schedule spans; None if it does not depend on them."""
        return None if self.recipe.get("schedule", ANY_LENGTH[0]) in ANY_LENGTH else self.recipe["epochs"]

    @property
    def epochs_run(self) -> int:
        """Epochs that were trained."""
        return len(self.learning_curve["epoch"])


class WithoutCurve(NamedTuple):
    """History of a training without a learning curve; other trainings have `training.History`.

    Attributes
    ----------
    epochs
        Empty.
    best_epoch
        Number of trees or boosting rounds that are kept; for a joint training, the epoch whose weights are kept.
    tokens
        Elements of compounds that went through training.
    stopped_early
        Whether it ended before the recipe's epochs or rounds.
    seconds
        Wall time; for trees it includes reading the formulas and computing their features.
    """

    epochs: list[Epoch]
    best_epoch: int
    tokens: int
    stopped_early: bool
    seconds: float


def learning_curve(epochs: list[Epoch]) -> dict[str, list[float | None]]:
    """Return the columns of a learning curve; None where a value is not finite, as may happen in the last epoch."""
    rows = [asdict(epoch) for epoch in epochs]
    columns = {name: [row[name] for row in rows] for name in Epoch.__dataclass_fields__}
    return {
        name: [value if value is None or math.isfinite(value) else None for value in values]
        for name, values in columns.items()
    }
