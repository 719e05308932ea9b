"""Draw the verdicts on the paper's numbers: ours over the published one, set by set."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lgdcnn_core.companion.figures.page import legend_below, page

_LOOKS = {
    "reproduced": ("o", "C0"),
    "within what seeds and test compounds leave open": ("D", "C1"),
    "not reproduced": ("s", "C3"),
}
"""Marker and colour of each verdict that has a number of ours."""

ROW = 0.2
"""Height of a row in inches."""


def ledger_figure(tables: Mapping[str, pd.DataFrame], title: str = "") -> Figure:
    """Draw the numbers of each table of the paper in a panel of its own; see `numbers`."""
    rows = max(len(table) for table in tables.values())
    figure, (panels,) = page(1, len(tables), 1.4 + ROW * rows, title)
    for ax, (name, table) in zip(panels, tables.items(), strict=True):
        numbers(table, ax)
        ax.set_title(name)
        ax.set_ylim(rows - 0.4, -0.6)
    legend_below(figure, panels, len(_LOOKS))
    return figure


def numbers(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw how far our MAE lies from each published one, with its interval; "not testable here" where there is none.

    Parameters
    ----------
    table
        One row per number, from the top: ``label``, ``verdict``, and ``percent``, ``low`` and ``high``, how far our MAE
        and the ends of its 95 % interval lie above the published number; missing where nothing was measured.
    ax
        Where to draw.
    """
    places = range(len(table))
    for verdict, (marker, colour) in _LOOKS.items():
        rows = table.reset_index(drop=True).query("verdict == @verdict")
        ax.errorbar(
            rows["percent"],
            rows.index,
            xerr=[rows["percent"] - rows["low"], rows["high"] - rows["percent"]],
            fmt=marker,
            color=colour,
            markersize=4,
            linewidth=1,
            label=verdict,
        )
    for place in (place for place in places if pd.isna(table["percent"].iloc[place])):
        text = ax.text(0, place, "not testable here", ha="center", va="center", color="0.4", fontsize="small")
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    ax.axvline(0, color="0.4", linewidth=0.6, zorder=0)
    ax.set_yticks(list(places), table["label"].tolist())
    ax.tick_params(axis="y", length=0)
    reach = max(10.0, 1.1 * np.nanmax(np.abs(table[["low", "high"]].to_numpy(dtype=float)), initial=0.0))
    ax.set(xlim=(-reach, reach), xlabel="our MAE above the published one")
    ax.xaxis.set_major_formatter(PercentFormatter(decimals=0))
    return ax
