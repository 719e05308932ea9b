"""The record of one run: its fields, and its form on disk."""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any

from lgdcnn_core.runs.spec import RunSpec

FORMAT = 1
"""Version of the fields below; a reader refuses a record of another one."""

PREDICTIONS = "predictions.parquet"


class BrokenRecord(RuntimeError):
    """A record, or a file of it, is not what was written."""


@dataclass(frozen=True)
class RunRecord:
    """What one run was and what came of it.

    Attributes
    ----------
    spec
        What was run.
    recipe
        Every value of the recipe, `Recipe.as_dict`.
    metrics
        Of the test data, in the unit of the property. Regression: ``mae``, ``mae_low`` and ``mae_high`` (95 %
        bootstrap interval over compounds), ``rmse``, ``median_absolute_error``, ``r2``, and ``val_mae`` of the
        validation data. Classification: ``accuracy``, ``roc_auc``, ``f1``, ``log_loss``, ``val_log_loss``. None
        where a metric is not defined.
    learning_curve
        Columns of the fields of `training.Epoch`, one value an epoch.
    best_epoch, stopped_early
        As in `training.History`.
    validation_chose
        What was decided by looking at validation data, in words.
    n_train, n_train_distinct, n_val, n_test
        Rows used in training, the same after duplicate formulas became one, rows of validation and test data.
    seconds
        Wall time: ``training`` (all epochs with their validation, those before a resumption too), ``prediction``
        (of the test data).
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
        sha256 of ``train`` (as used), ``val`` and ``test``, see `provenance.data_hash`.
    outputs
        sha256 of the bytes of each other file of the record.
    """

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

    def to_json(self) -> str:
        """Text of ``record.json``: one line a field, and a sha256 over all of them."""
        content: dict[str, Any] = {"format": FORMAT}
        content |= {field.name: getattr(self, field.name) for field in fields(self)}
        content["spec"] = self.spec.as_dict()
        content["sha256"] = _content_hash(content)
        lines = (f"{json.dumps(name)}: {_dump(value)}" for name, value in content.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str, name: str) -> "RunRecord":
        """Record from the text of its ``record.json``.

        Parameters
        ----------
        text
            What `to_json` made.
        name
            What an error calls the record.

        Raises
        ------
        BrokenRecord
            If it is not what `to_json` made.
        """
        try:
            content = json.loads(text)
            stated = content.pop("sha256")
            found = _content_hash(content)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise BrokenRecord(f"{name} is no run record ({error!r}). {WAY_OUT}") from error
        if stated != found:
            raise BrokenRecord(f"{name} was edited: its content has sha256 {found}, it says {stated}. {WAY_OUT}")
        version = content.pop("format", None)
        expected = {field.name for field in fields(cls)}
        if version != FORMAT or set(content) != expected:
            differing = ", ".join(sorted(expected ^ set(content))) or "none"
            raise BrokenRecord(
                f"{name} has format {version}, this package reads {FORMAT} (fields that differ: {differing}). {WAY_OUT}"
            )
        return cls(**{**content, "spec": RunSpec(**content["spec"])})


WAY_OUT = "Restore its directory from version control, or remove the directory and run again."


def _dump(value: object) -> str:
    # NaN and infinity are no JSON: what has no value is None.
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _content_hash(content: dict[str, Any]) -> str:
    """sha256 of the values, however the text is laid out."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
