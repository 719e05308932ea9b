"""Draw sample efficiency: the test error against the number of training compounds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, StrMethodFormatter

from lgdcnn_core.companion.figures.page import legend_below, page, unbroken, wrapped
from lgdcnn_core.companion.figures.style import DOUBLE
from lgdcnn_core.companion.runs.power_laws import PowerLaw
from lgdcnn_core.companion.wording import BASELINES, label

LOOKS = {"L-G-DCNN": ("C0", "-", "o"), "CrabNet": ("C1", "--", "s"), "RF": ("C2", ":", "^"), "GBM": ("C3", "-.", "D")}
"""Colour, dash and mark of each model; the networks look as in the figure of convergence."""

COLUMNS = 2
"""Number of panels in a row."""


def efficiency_figure(
    points: pd.DataFrame,
    laws: Mapping[tuple[str, str], PowerLaw],
    titles: Mapping[str, str],
    units: Mapping[str, str],
    title: str = "",
) -> Figure:
    """Draw the test errors on several data sets, in a panel for each.

    Parameters
    ----------
    points, laws
        As in `error_against_size`, for all data sets; laws by data set and model.
    titles, units
        Title of each panel, and unit of the property, by data set; only these are drawn.
    title
        The finding; written above.
    """
    figure, axes = page(-(-len(titles) // COLUMNS), COLUMNS, 2.3, title)
    for ax, (name, text) in zip(axes.flat, titles.items(), strict=False):
        of_set = {model: law for (dataset, model), law in laws.items() if dataset == name}
        error_against_size(points[points["dataset"] == name], of_set, ax, units[name])
        ax.set_title(wrapped(unbroken(text), 0.8 * DOUBLE / COLUMNS, "medium"))
    for ax in list(axes.flat)[len(titles) :]:
        ax.set_axis_off()
    legend_below(figure, axes.flat, len(LOOKS))
    return figure


def error_against_size(points: pd.DataFrame, laws: Mapping[str, PowerLaw], ax: Axes, unit: str) -> Axes:
    """Draw the test MAE on one data set against the number of training compounds, on logarithmic axes.

    A mark is the mean over seeds and its bar spans their extremes; a line is the fitted power law in a band, its 95 %
    interval, both within the measured sizes.

    Parameters
    ----------
    points
        Columns ``model``, ``size``, ``mae``, one row per run; may be empty.
    laws
        Power laws by model, from `power_laws.fit`; a model may have none.
    ax
        Where to draw.
    unit
        Unit of the property.
    """
    for model, (colour, dash, mark) in LOOKS.items():
        rows = points[points["model"] == model].groupby("size")["mae"].agg(["mean", "min", "max"])
        if rows.empty:
            continue
        ax.errorbar(
            rows.index,
            rows["mean"],
            yerr=[rows["mean"] - rows["min"], rows["max"] - rows["mean"]],
            fmt=mark,
            markersize=3.5,
            color=colour,
            markerfacecolor="white",
            markeredgewidth=0.8,
            elinewidth=0.8,
            label=BASELINES.get(model, model),
            zorder=3,
        )
        if model in laws:
            sizes = np.geomspace(rows.index.min(), rows.index.max(), 50)
            ax.plot(sizes, laws[model].errors(sizes), dash, color=colour, linewidth=1.0, zorder=2)
            ax.fill_between(sizes, *laws[model].band(sizes), color=colour, alpha=0.13, linewidth=0, zorder=1)
    ax.set(xlabel="training compounds", ylabel=label("test MAE", unit))
    if points.empty:
        ax.text(0.5, 0.5, "no record", transform=ax.transAxes, ha="center", va="center", color="0.3")
        ax.set(xticks=[], yticks=[])
        return ax
    ax.set(xscale="log", yscale="log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.6g}"))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    return ax
