"""Readable names of trials: the changes that each makes, in a few words."""

from typing import Any

from lgdcnn_core.companion.tuning.spec import Trial
from lgdcnn_core.companion.tuning.trials import PAULING, PAULING_ONLY, QUICK
from lgdcnn_core.training import JOINT

_GROUPS = (
    (QUICK, "short"),
    (PAULING, "ties by electronegativity"),
    (PAULING_ONLY, "by electronegativity"),
)
"""Changes that are made together, and what to call them."""

_SOURCES = {
    "OQMD_Formation_Enthalpy": "start from formation enthalpies",
    "OQMD_Volume_per_atom": "start from volumes",
    JOINT: "start from 18 properties",
}

_FIELDS = {
    "batch_size": "batches of {}",
    "lr_max": "learning rate {:g}",
    "lr_max_transformer": "learning rate {:g}",
    "epochs": "{} epochs",
    "dropout": "dropout {:g}",
    "weight_decay": "weight decay {:g}",
    "ema_decay": "average over {:g}",
    "noise": "noise {:g}",
    "reordered": "random order in {:g} of cases",
    "loss": "{} loss",
    "precision": "{}",
    "targets": "{}",
}
"""Words for a changed value of the recipe."""

_MODELS = {"L-G-DCNN-boundary": "one place without an element"}


def described(trial: Trial) -> str:
    """Say in a few words what a trial changes, such as "short, by electronegativity, dropout 0.1".

    Elements "by electronegativity" are read from the most electropositive on; "short" is the quick version of the
    recipe, a third of its time.

    Parameters
    ----------
    trial
        The trial. Its changes are relative to the recipe that the study began with, or to the paper recipe.
    """
    changes, parts = dict(trial.changes), []
    if trial.model != "L-G-DCNN":
        parts.append(_MODELS.get(trial.model, trial.model))
    if trial.base == "paper":
        parts.append("paper recipe")
    for group, name in _GROUPS:
        # A trial of a group may change one of its values again.
        if all(field in changes for field in group) and _most(changes, group):
            parts.append(name)
            changes = {field: value for field, value in changes.items() if group.get(field) != value}
    if (source := changes.pop("source", None)) is not None:
        parts.append(_SOURCES[source])
    if changes.pop("optimiser", None) is not None:
        parts.append("LAMB")
    parts += [_FIELDS[field].format(value) for field, value in changes.items() if value is not None]
    if trial.elements != "mat2vec":
        parts.append(trial.elements.replace("+", " and "))
    if trial.setting == "published":
        parts.append("padded")
    return ", ".join(parts) or "the first recipe"


def _most(changes: dict[str, Any], group: dict[str, Any]) -> bool:
    """Whether at most one value of a group is changed again."""
    return sum(changes[field] != value for field, value in group.items()) <= (len(group) > 1)
