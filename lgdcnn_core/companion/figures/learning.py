"""Draw the learning curve: error against epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from lgdcnn_core.companion.wording import label

WIDE_RANGE = 5
"""Above this ratio of the largest to the smallest error, the axis of errors is logarithmic."""


def learning_curve(
    curve: pd.DataFrame | Mapping[str, Sequence[float | None]],
    ax: Axes,
    unit: str,
    error: str = "MAE",
    best_epoch: int | None = None,
) -> Axes:
    """Draw training and validation error against the epoch.

    Parameters
    ----------
    curve
        Columns ``epoch``, ``train_error`` and ``val_error``, as `RunRecord.learning_curve` has them; a missing
        ``val_error`` is left out.
    ax
        Where to draw.
    unit
        Unit of the errors; "" for a log-loss.
    error
        Name of the errors.
    best_epoch
        Epoch whose weights were kept; marked if given.
    """
    table = pd.DataFrame(curve).astype(float)
    ax.plot(table["epoch"], table["train_error"], label="training", linestyle="--")
    validated = table.dropna(subset=["val_error"])
    if len(validated):
        ax.plot(validated["epoch"], validated["val_error"], label="validation")
    kept = validated[validated["epoch"] == best_epoch]
    if len(kept):
        ax.plot(kept["epoch"], kept["val_error"], "o", color="black", label=f"kept: epoch {best_epoch}", zorder=3)
    errors = table[["train_error", "val_error"]].to_numpy()
    positive = errors[errors > 0]
    if len(positive) and np.max(positive) > WIDE_RANGE * np.min(positive):
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set(xlabel="epoch", ylabel=label(error, unit))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.legend()
    return ax
