"""The origin of a trained model: its learning curves, training data and version, kept in its file too."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lgdcnn_core import __version__
from lgdcnn_core.training import Compute, Epoch, History

KEPT = ("histories_", "n_train_", "n_val_", "elements_seen_", "provenance_")
"""Attributes of a trained model that its file keeps; predictions need none of them."""

REPEATABLE = ("n_train_", "n_val_", "elements_seen_")
"""Those that equal trainings have alike: no dates and seconds."""

OLDER = "an older version of lgdcnn_core saved its file, or it was saved with training=False"
PUBLISHED = "its checkpoint, of the published implementation, does not say"


class WithOrigin:
    """A model that keeps its origin, see `CompositionRegressor`; an attribute that its file lacks says why."""

    histories_: list[History]
    n_train_: int
    n_val_: int
    elements_seen_: tuple[str, ...]
    provenance_: dict[str, Any]
    _without: str | None = None

    @property
    def history_(self) -> History:
        """Training history of the first member."""
        return self.histories_[0]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if self._without and name in (*KEPT, "history_", "training_compounds_"):
                raise AttributeError(f"{name} of this model is not known: {self._without}")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def provenance(compute: Compute) -> dict[str, Any]:
    """Return the version, time (ISO 8601, UTC) and device of a training that ends now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"lgdcnn_core": __version__, "trained": now, "compute": compute.describe()}


def described(model: WithOrigin, repeatable: bool = False) -> dict[str, Any]:
    """Return the known origin of a model as plain values, a learning curve as its columns.

    Parameters
    ----------
    model
        The model.
    repeatable
        Only what is in `REPEATABLE`.
    """
    found = {name: getattr(model, name) for name in (REPEATABLE if repeatable else KEPT) if name in vars(model)}
    if "histories_" in found:
        found["histories_"] = [
            asdict(history)
            | {"epochs": {each.name: [getattr(line, each.name) for line in history.epochs] for each in fields(Epoch)}}
            for history in model.histories_
        ]
    return {"training": found}


def restored(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a model, given the description in its file.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the description is not one of this version.
    """
    given = description.get("training", {})
    found = {name: given[name] for name in KEPT if name in given} | {"_without": OLDER}
    if "elements_seen_" in found:
        found["elements_seen_"] = tuple(found["elements_seen_"])
    if "histories_" in found:
        found["histories_"] = [
            History(**history | {"epochs": [Epoch(*line) for line in zip(*_columns(history["epochs"]), strict=True)]})
            for history in found["histories_"]
        ]
    return found


def _columns(curve: Mapping[str, list[Any]]) -> list[list[Any]]:
    return [curve[each.name] for each in fields(Epoch)]
