"""Draw stated uncertainties against errors: coverage, errors in bins, error decay, and calibrated intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter, StrMethodFormatter

from lgdcnn_core.companion.figures.page import legend_below, only_outer_labels, page

LOOKS: dict[str, Any] = {
    "one network": {"color": "C0", "marker": "o", "linestyle": "-"},
    "ensemble of networks": {"color": "C1", "marker": "s", "linestyle": "--"},
    "joint network": {"color": "C2", "marker": "^", "linestyle": "-"},
    "random forest": {"color": "C6", "marker": "D", "linestyle": ":"},
}
"""Colour, marker and line of each way to state an uncertainty, in the order of the legend."""

SCORES: dict[str, Any] = {
    "std-normalised": {"color": "C2", "marker": "^", "label": "width by the stated uncertainty"},
    "absolute": {"color": "C4", "marker": "v", "label": "the same width for all"},
}
"""Look and name of the two kinds of calibrated intervals."""

LOWEST = 10
"""An interval that reaches below 0 has no lower end on a logarithmic axis; it ends at this part of the mean."""

_DIAGONAL: Any = {"color": "0.4", "linewidth": 0.6, "zorder": 1}


def calibration_figure(curves: pd.DataFrame, title: str = "") -> Figure:
    """Draw observed against expected coverage, a panel for each expectation; see `calibration_curves`."""
    expectations = list(dict.fromkeys(curves["expectation"]))
    figure, axes = page(1, len(expectations), 3.3, title)
    for ax, expectation in zip(axes.flat, expectations, strict=True):
        calibration_curves(curves[curves["expectation"] == expectation], ax)
        ax.set_title(f"errors expected to be {expectation}")
    only_outer_labels(axes)
    legend_below(figure, axes.flat, 5)
    return figure


def calibration_curves(curves: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the mean over data sets of observed coverage, with its 95 % interval; below the diagonal is overconfident.

    Parameters
    ----------
    curves
        Rows of `uncertainty.curves` of one expectation.
    ax
        Where to draw.
    """
    ax.plot([0, 1], [0, 1], **_DIAGONAL, label="perfect")
    for way in _ways(curves):
        rows = curves[curves["way"] == way]
        look = {name: value for name, value in LOOKS[way].items() if name != "marker"}
        ax.plot(rows["expected"], rows["mean"], **look, label=way)
        ax.fill_between(rows["expected"], rows["low"], rows["high"], color=look["color"], alpha=0.15, linewidth=0)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="expected coverage", ylabel="observed coverage")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax


def binned_figure(bins: pd.DataFrame, title: str = "") -> Figure:
    """Draw errors in bins of stated uncertainty, a panel for each way; see `binned_errors`."""
    ways = _ways(bins)
    figure, axes = page(1, len(ways), 2.6, title, sharex=True, sharey=True)
    for ax, way in zip(axes.flat, ways, strict=True):
        binned_errors(bins[bins["way"] == way], ax)
        ax.set_title(way)
    values = bins[["stated", "mean"]].to_numpy()
    ends = values.min() / 1.4, values.max() * 1.4
    axes[0, 0].set(xlim=ends, ylim=ends)
    only_outer_labels(axes)
    return figure


def binned_errors(bins: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the mean error of each bin against the stated one, both over the MAE of all; bars are 95 % intervals.

    Parameters
    ----------
    bins
        Rows of `uncertainty.binned` of one way.
    ax
        Where to draw, on logarithmic axes.
    """
    way = str(bins["way"].iloc[0])
    ax.plot([1e-9, 1e9], [1e-9, 1e9], **_DIAGONAL)
    low = bins["low"].fillna(bins["mean"]).clip(lower=bins["mean"] / LOWEST)
    reach = [bins["mean"] - low, bins["high"].fillna(bins["mean"]) - bins["mean"]]
    ax.set(xscale="log", yscale="log")
    ax.errorbar(
        bins["stated"], bins["mean"], yerr=np.abs(reach), elinewidth=0.6, **{**LOOKS[way], "linestyle": "none"}
    )
    ax.set(aspect="equal", xlabel="stated error / MAE", ylabel="observed error / MAE")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(FixedLocator([0.01, 0.1, 1, 10]))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    return ax


def decay_figure(decay: pd.DataFrame, title: str = "") -> Figure:
    """Draw error decay, a panel for each way; see `error_decay`."""
    ways = _ways(decay)
    figure, axes = page(1, len(ways), 2.4, title, sharey=True)
    for ax, way in zip(axes.flat, ways, strict=True):
        error_decay(decay[decay["way"] == way], ax)
        ax.set_title(way)
    only_outer_labels(axes)
    legend_below(figure, axes.flat, 3)
    return figure


def error_decay(decay: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the MAE of the compounds that remain over that of all, against the share that is left out.

    Parameters
    ----------
    decay
        Rows of `uncertainty.decay` of one way.
    ax
        Where to draw.
    """
    colour = LOOKS[str(decay["way"].iloc[0])]["color"]
    ax.axhline(1, **_DIAGONAL, linestyle="--", label="left out at random")
    for order, name, look in (
        ("stated", "the largest stated uncertainties first", {"color": colour, "linewidth": 1.2}),
        ("best", "the largest errors first (the best order)", {"color": "0.4", "linewidth": 0.8, "linestyle": ":"}),
    ):
        rows = decay[decay["order"] == order]
        ax.plot(rows["left_out"], rows["mean"], **look, label=name)
        ax.fill_between(rows["left_out"], rows["low"], rows["high"], color=look["color"], alpha=0.15, linewidth=0)
    ax.set(xlim=(0, 1), ylim=(0, 1.05), xlabel="left out", ylabel="MAE / MAE of all")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
    return ax


def conformal_figure(groups: pd.DataFrame, share: float, title: str = "") -> Figure:
    """Draw coverage (above) and width (below) of calibrated intervals in groups of compounds.

    Parameters
    ----------
    groups
        Columns ``by``, ``score``, ``name`` of the group, ``quantity`` ("coverage" or "width"), ``mean``, ``low`` and
        ``high``.
    share
        The stated share.
    title
        The finding; written above.
    """
    kinds = list(dict.fromkeys(groups["by"]))
    figure, axes = page(2, len(kinds), 1.9, title, sharey="row", sharex="col")
    for row, quantity in zip(axes, ("coverage", "width"), strict=True):
        for ax, by in zip(row, kinds, strict=True):
            group_intervals(groups[(groups["by"] == by) & (groups["quantity"] == quantity)], ax)
            ax.axhline(share if quantity == "coverage" else 1, **_DIAGONAL)
            ax.set(xlabel=by, ylabel=quantity if quantity == "coverage" else "width / mean width")
            if quantity == "coverage":
                ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            else:
                ax.set(yscale="log")
                ax.yaxis.set_major_locator(FixedLocator([0.25, 0.5, 1, 2, 4]))
                ax.yaxis.set_minor_locator(NullLocator())
                ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    only_outer_labels(axes)
    legend_below(figure, axes.flat, 2)
    return figure


def group_intervals(groups: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the means of groups with their 95 % intervals, for each score beside the other.

    Parameters
    ----------
    groups
        As in `conformal_figure`, of one quantity and one kind of groups.
    ax
        Where to draw.
    """
    names = list(dict.fromkeys(groups["name"]))
    for number, (score, look) in enumerate(SCORES.items()):
        rows = groups[groups["score"] == score]
        places = [names.index(name) + 0.2 * (number - 0.5) for name in rows["name"]]
        low = rows["low"].clip(lower=rows["mean"] / LOWEST)
        reach = np.abs([rows["mean"] - low, rows["high"] - rows["mean"]])
        ax.errorbar(places, rows["mean"], yerr=reach, elinewidth=0.6, linestyle="none", **look)
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.5, len(names) - 0.5)
    return ax


def _ways(table: pd.DataFrame) -> Sequence[str]:
    return [way for way in LOOKS if way in set(table["way"])]
