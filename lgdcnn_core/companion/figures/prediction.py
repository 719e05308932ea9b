"""Draw the predictions of one run: against the actual values, or by class."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from lgdcnn_core.companion.runs import metrics as run_metrics
from lgdcnn_core.companion.wording import label, unit_text

MANY = 3000
"""From this number of compounds on, points are small and stored as an image, also in the SVG."""

HIGHEST_COLOUR = 0.98
"""Quantile of the uncertainties at which the colours end, so that a few extreme ones do not use up the scale."""

PROBABILITY_BINS = 20


def parity(
    predictions: pd.DataFrame,
    ax: Axes,
    unit: str,
    quantity: str = "",
    metrics: Mapping[str, float | None] | None = None,
    published: float | None = None,
) -> Axes:
    """Draw predicted against actual values, coloured by the uncertainty that the network states.

    The corner shows the MAE with its 95 % bootstrap interval over the compounds, and the published MAE if there is one.

    Parameters
    ----------
    predictions
        Columns ``actual``, ``predicted`` and ``uncertainty`` (standard deviation; may be missing), (B,), in `unit`.
    ax
        Where to draw; a colour bar goes beside it.
    unit
        Unit of the property.
    quantity
        Name of the property, for the axes.
    metrics
        With ``mae``, ``mae_low`` and ``mae_high``, of the record; computed from the predictions if not given.
    published
        Published MAE of the same network on the same test data.
    """
    table = predictions.astype(dict.fromkeys(("actual", "predicted", "uncertainty"), float))
    if metrics is None:
        metrics = run_metrics.regression(table["actual"].to_numpy(), table["predicted"].to_numpy())
    many = len(table) >= MANY
    drawn: dict[str, Any] = {"s": 2 if many else 7, "linewidths": 0, "alpha": 0.85, "rasterized": many}
    if table["uncertainty"].notna().any():
        # The surest predictions go on top: uncertain ones must not hide them.
        table = table.sort_values("uncertainty", ascending=False, kind="stable")
        points = ax.scatter(
            table["actual"],
            table["predicted"],
            c=table["uncertainty"],
            cmap=sns.color_palette("crest", as_cmap=True),
            vmin=0,
            vmax=float(table["uncertainty"].quantile(HIGHEST_COLOUR)),
            **drawn,
        )
        bar = ax.figure.colorbar(points, ax=ax, extend="max", pad=0.02, aspect=30)
        bar.set_label(label("stated uncertainty", unit))
        bar.outline.set_visible(False)
    else:
        ax.scatter(table["actual"], table["predicted"], **drawn)
    _square(ax, table[["actual", "predicted"]].to_numpy())
    named = f"{quantity}, " if quantity else ""
    ax.set(xlabel=label(f"{named}actual", unit), ylabel=label(f"{named}predicted", unit))
    _corner(ax, _mae_text(metrics, unit, published, len(table)))
    return ax


def class_probabilities(predictions: pd.DataFrame, ax: Axes, metrics: Mapping[str, float | None] | None = None) -> Axes:
    """Draw how the predicted probabilities of class 1 are distributed in either class.

    Parameters
    ----------
    predictions
        Columns ``actual`` (0 or 1) and ``predicted`` (probability of class 1), (B,).
    ax
        Where to draw.
    metrics
        With ``accuracy`` and ``roc_auc``, of the record; computed from the predictions if not given.
    """
    actual = predictions["actual"].to_numpy(dtype=np.int64)
    probability = predictions["predicted"].to_numpy(dtype=np.float64)
    if metrics is None:
        metrics = run_metrics.classification(actual, probability)
    sns.histplot(
        x=probability,
        hue=pd.Series(np.where(actual == 1, "class 1", "class 0"), name="actually"),
        hue_order=["class 0", "class 1"],
        bins=PROBABILITY_BINS,
        binrange=(0, 1),
        element="step",
        alpha=0.35,
        ax=ax,
    )
    ax.axvline(0.5, color="0.4", linewidth=0.6, linestyle=":")
    ax.set(xlim=(0, 1), xlabel="predicted probability of class 1", ylabel="compounds")
    auc = metrics["roc_auc"]
    shown = [f"accuracy {metrics['accuracy']:.3f}", "ROC AUC " + ("-" if auc is None else f"{auc:.3f}")]
    ax.set_title("   ".join([*shown, f"n = {len(actual)}"]), fontsize="medium")
    return ax


def _square(ax: Axes, values: np.ndarray) -> None:
    """Give both axes the same limits, and draw the diagonal on which predictions are right."""
    low, high = float(np.min(values)), float(np.max(values))
    margin = 0.04 * ((high - low) or abs(high) or 1.0)
    limits = (low - margin, high + margin)
    ax.plot(limits, limits, color="0.35", linewidth=0.7, linestyle="--", zorder=0)
    ax.set(xlim=limits, ylim=limits, aspect="equal")


def _mae_text(metrics: Mapping[str, float | None], unit: str, published: float | None, n: int) -> str:
    low, high = metrics["mae_low"], metrics["mae_high"]
    lines = [f"MAE {metrics['mae']:.4g} {unit_text(unit) if unit != '1' else ''}".rstrip()]
    if low is not None and high is not None:
        lines.append(f"95 %: {low:.4g} to {high:.4g}")
    if published is not None and np.isfinite(published):
        lines.append(f"published {published:.4g}")
    return "\n".join([*lines, f"n = {n}"])


def _corner(ax: Axes, text: str) -> None:
    """Write in the upper left, where a fair prediction has no points."""
    ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", fontsize="small", linespacing=1.35)
