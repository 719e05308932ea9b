"""Draw trials of a recipe against its baseline: ratios of errors, and their cost."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from lgdcnn_core.companion.figures.page import legend_below, page

_MARKERS = "oXsD^vP*<>"
_COLOURS = ("C0", "C1", "C2", "C3", "C4", "C5")

_TICKS: Any = {"subs": (1, 1.1, 1.2, 1.35, 1.5, 2, 3, 5, 7, 8, 9), "numticks": 20}

NARROWEST = (0.92, 1.1)
"""Least range of an axis of ratios, so that differences of a percent do not look large."""


def trials_figure(
    compared: pd.DataFrame,
    of_sets: pd.DataFrame,
    labels: Mapping[str, str],
    names: Mapping[str, str] | None = None,
    title: str = "",
) -> Figure:
    """Draw trials on a page of their own, one row per trial; see `trial_ratios`."""
    figure, axes = page(1, 1, 1.2 + 0.16 * len(compared), title)
    trial_ratios(compared, of_sets, axes[0, 0], labels, names)
    legend_below(figure, axes.flat, 4)
    return figure


def trial_ratios(
    compared: pd.DataFrame,
    of_sets: pd.DataFrame,
    ax: Axes,
    labels: Mapping[str, str],
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the validation MAE of each trial over the baseline's: one mark per data set, a bar at the geometric mean.

    The right edge shows the training time over the baseline's.

    Parameters
    ----------
    compared
        From `tuning.compare`: one row per trial, from the top, with the band of chance behind it.
    of_sets
        From `tuning.by_dataset`.
    ax
        Where to draw.
    labels
        Name of each data set for readers; the legend lists those with a ratio.
    names
        Names of the trials for readers; their own names by default.
    """
    places = {trial: number for number, trial in enumerate(compared["trial"])}
    ax.set_yticks(list(places.values()), [(names or {}).get(trial, trial) for trial in places])
    ax.set_ylim(len(compared) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.barh(
        list(places.values()),
        compared["high"] - compared["low"],
        left=compared["low"],
        height=1.0,
        color="0.88",
        label="seed noise",
    )
    known = of_sets.dropna(subset=["ratio"])
    seen = {name: text for name, text in labels.items() if name in set(known["dataset"])}
    for number, (dataset, text) in enumerate(seen.items()):
        rows = known[known["dataset"] == dataset]
        ax.scatter(
            rows["ratio"],
            [places[trial] for trial in rows["trial"]],
            s=11,
            marker=_MARKERS[number % len(_MARKERS)],
            facecolors="none",
            edgecolors=_COLOURS[number % len(_COLOURS)],
            linewidths=0.9,
            label=text,
            zorder=3,
        )
    bar: Any = {"color": "black", "markersize": 8, "markeredgewidth": 1.6, "zorder": 4}
    ax.plot(compared["ratio"], list(places.values()), "|", label="geometric mean", **bar)
    for row in compared[compared["diverged"] > 0].itertuples():
        ax.annotate(
            f"{row.diverged} diverged ",
            (1, places[str(row.trial)]),
            xycoords=("axes fraction", "data"),
            color="C1",
            ha="right",
            va="center",
        )
    ax.axvline(1, color="0.4", linewidth=0.6, zorder=2)
    _ratio_axis(ax)
    ax.set_xlabel("validation MAE over the baseline's")
    right: Any = {"transform": ax.get_yaxis_transform(), "ha": "right", "va": "center"}
    ax.text(1.1, -1.2, "time", **right)
    for trial, ratio in zip(compared["trial"], compared["seconds_ratio"], strict=True):
        if pd.notna(ratio):
            ax.text(1.1, places[trial], f"{ratio:.1f}\N{MULTIPLICATION SIGN}", **right)
    return ax


def _ratio_axis(ax: Axes) -> None:
    """Make the x axis one of ratios: 2 is as far from 1 as 0.5."""
    low, high = ax.get_xlim()
    ax.set(xscale="log", xlim=(min(low, NARROWEST[0]), max(high, NARROWEST[1])))
    ax.xaxis.set_major_locator(LogLocator(**_TICKS))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
