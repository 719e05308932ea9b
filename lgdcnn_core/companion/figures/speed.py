"""Draw speed: the share of each machine's peak that a training reaches."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lgdcnn_core.companion.figures.page import legend_below, page, wrapped

PRECISIONS = {"float32": ("C0", "o"), "tf32": ("C2", "^"), "bfloat16": ("C1", "s")}
"""Colour and marker by precision, in the order in which they are drawn."""

NAME = 1.9
"""Width in inches at which the name of a machine is broken into lines."""

MEMORY = "limit of memory, small batches"
"""Name of the short lines in the legend."""

STEP = 0.22
"""Distance between the precisions of a machine, in rows."""


def speed_figure(points: pd.DataFrame, title: str = "") -> Figure:
    """Draw the share of the peak that trainings reach, one row per machine, on a page of its own.

    Parameters
    ----------
    points
        As in `shares_of_peak`.
    title
        The finding; written above.
    """
    machines = list(points["machine"].unique())
    figure, axes = page(1, 1, 1.1 + 0.5 * len(machines), title)
    shares_of_peak(points, axes[0, 0], machines)
    legend_below(figure, axes.flat, 3)
    return figure


def shares_of_peak(points: pd.DataFrame, ax: Axes, machines: Sequence[str]) -> Axes:
    """Draw measured speeds as shares of the machine's fastest matrix product in the same precision.

    Hollow marks are the smallest batches, filled ones the largest, and a bar joins them. A short line marks the share
    that memory allows the smallest batches, where it is below the peak. The highest speed is on the right.

    Parameters
    ----------
    points
        Columns ``machine``, ``precision``, ``batch_size``, ``share``, ``bound_share`` and ``tokens_per_second``, as
        `speed.throughput` has them, of one network in one setting on one data set.
    ax
        Where to draw.
    machines
        The machines, from top to bottom.
    """
    size = mpl.rcParams["ytick.labelsize"]
    ends = {"small": points["batch_size"].min(), "large": points["batch_size"].max()}
    for place, machine in enumerate(machines):
        own = points[points["machine"] == machine]
        found = [name for name in PRECISIONS if name in set(own["precision"])]
        for number, precision in enumerate(found):
            y = place + STEP * (number - (len(found) - 1) / 2)
            _draw(own[own["precision"] == precision], ax, y, precision, ends)
        fastest = own["tokens_per_second"].max()
        ax.text(1.02, place, f"{fastest:,.0f}", transform=ax.get_yaxis_transform(), va="center")
    ax.text(1.02, -0.75, "tokens/s", transform=ax.get_yaxis_transform(), va="center")
    ax.set_yticks(range(len(machines)), [wrapped(machine, NAME, size) for machine in machines])
    ax.set(xlim=(0, 1), ylim=(len(machines) - 0.5, -0.5), xlabel="share of the fastest matrix product")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.tick_params(axis="y", length=0)
    return ax


def _draw(rows: pd.DataFrame, ax: Axes, y: float, precision: str, ends: dict[str, int]) -> None:
    colour, marker = PRECISIONS[precision]
    look: Any = {"marker": marker, "color": colour, "linestyle": "none", "markersize": 4}
    ax.plot([rows["share"].min(), rows["share"].max()], [y, y], color=colour, linewidth=1)
    for size, face in (("small", "white"), ("large", colour)):
        share = rows.loc[rows["batch_size"] == ends[size], "share"]
        name = f"{precision}, {ends[size]:,} compounds a batch"
        known = ax.get_legend_handles_labels()[1]
        ax.plot(share, [y] * len(share), **look, markerfacecolor=face, label=None if name in known else name)
    limited = rows.loc[(rows["batch_size"] == ends["small"]) & (rows["bound_share"] < 1), "bound_share"]
    ax.plot(limited, [y] * len(limited), "|", color=colour, markersize=7)
    if len(limited) and MEMORY not in ax.get_legend_handles_labels()[1]:
        ax.plot([], [], "|", color="0.4", markersize=7, label=MEMORY)
