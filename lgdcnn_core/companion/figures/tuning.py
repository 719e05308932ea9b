"""Trials of a recipe against its baseline: ratios of errors, their cost, and one against the other."""

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from lgdcnn_core.companion.figures.naming import name_points
from lgdcnn_core.companion.figures.style import DOUBLE

_MARKERS = "osD^vPX*<>"

_VERDICTS = {
    "better": ("v", "C0"),
    "worse": ("^", "C1"),
    "within seed noise": ("o", "0.5"),
    "not judged": ("o", "none"),
    "diverged": ("X", "C1"),
    "baseline": ("D", "black"),
}
"""Marker and colour by verdict of `tuning.compare`."""

_TICKS: Any = {"subs": (1, 1.1, 1.2, 1.35, 1.5, 2, 3, 5, 7, 8, 9), "numticks": 20}

NARROWEST = (0.92, 1.1)
"""An axis of ratios shows this at least, so that differences of a percent do not look like large ones."""


def trial_size(n_trials: int) -> tuple[float, float]:
    """Size of a figure of `trial_ratios` and `relative_cost` side by side, in."""
    return DOUBLE, 1.1 + 0.16 * n_trials


def trial_ratios(compared: pd.DataFrame, of_sets: pd.DataFrame, ax: Axes, labels: Mapping[str, str]) -> Axes:
    """Draw the validation MAE of each trial over the baseline's: a dot a data set, a bar at the geometric mean.

    Parameters
    ----------
    compared
        From `tuning.compare`: a row a trial, from the top, with the band of chance behind it.
    of_sets
        From `tuning.by_dataset`.
    ax
        Where to draw.
    labels
        What to call each data set; the legend names those with a ratio.
    """
    places = _rows(compared, ax)
    ax.barh(
        list(places.values()),
        compared["high"] - compared["low"],
        left=compared["low"],
        height=1.0,
        color="0.88",
        label="seed noise",
    )
    for number, (dataset, text) in enumerate(labels.items()):
        rows = of_sets[of_sets["dataset"] == dataset].dropna(subset=["ratio"])
        if rows.empty:
            continue  # the legend names what is to be seen
        ax.scatter(
            rows["ratio"],
            [places[trial] for trial in rows["trial"]],
            s=11,
            marker=_MARKERS[number % len(_MARKERS)],
            facecolors="none",
            edgecolors=f"C{number % 6}",
            linewidths=0.7,
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
            fontsize=5.5,
            ha="right",
            va="center",
        )
    ax.axvline(1, color="0.4", linewidth=0.6, zorder=2)
    _ratio_axis(ax, "x")
    ax.set_xlabel("validation MAE over the baseline's")
    return ax


def relative_cost(compared: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the training time of each trial over the baseline's; rows as in `trial_ratios`."""
    places = _rows(compared, ax)
    ax.barh(list(places.values()), compared["seconds_ratio"], height=0.6, color="C5")
    ax.axvline(1, color="0.4", linewidth=0.6)
    ax.set(xlabel="training time\nover the baseline's", xlim=(0, None))
    return ax


def error_against_cost(compared: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the validation MAE of each trial against its training time, both over the baseline's; all are named.

    Parameters
    ----------
    compared
        From `tuning.compare`; trials without a ratio are not there.
    ax
        Where to draw.
    """
    shown = compared.dropna(subset=["ratio", "seconds_ratio"])
    for verdict, (marker, colour) in _VERDICTS.items():
        rows = shown[shown["verdict"] == verdict]
        if len(rows):
            look: Any = {"marker": marker, "facecolors": colour, "edgecolors": "0.5" if colour == "none" else colour}
            ax.scatter(rows["seconds_ratio"], rows["ratio"], s=16, label=verdict, **look)
    for line in (ax.axhline, ax.axvline):
        line(1, color="0.7", linewidth=0.6, zorder=0)
    ax.margins(0.12)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    _ratio_axis(ax, "y")
    ax.set(xlabel="training time over the baseline's", ylabel="validation MAE\nover the baseline's")
    name_points(shown["seconds_ratio"], shown["ratio"], shown["trial"], ax)
    return ax


def _rows(compared: pd.DataFrame, ax: Axes) -> dict[str, int]:
    """Give each trial a row, the first on top; places by trial."""
    places = {trial: number for number, trial in enumerate(compared["trial"])}
    ax.set_yticks(list(places.values()), list(places))
    ax.set_ylim(len(compared) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    return places


def _ratio_axis(ax: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis one of ratios: 2 is as far from 1 as 0.5."""
    ax.set(**{f"{which}scale": "log"})
    axis, limits = {"x": (ax.xaxis, ax.get_xlim()), "y": (ax.yaxis, ax.get_ylim())}[which]
    ax.set(**{f"{which}lim": (min(limits[0], NARROWEST[0]), max(limits[1], NARROWEST[1]))})
    axis.set_major_locator(LogLocator(**_TICKS))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())
