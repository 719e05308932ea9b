"""Draw the purity of neighbours, layer by layer and network by network, beside its null."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from lgdcnn_core.companion.figures.cecv import layer_name
from lgdcnn_core.companion.figures.page import legend_below, page

MARKERS = "osD^v"

NULL = "by chance (shaded: 95 % of the permutations)"
BEFORE = "before the training"


def order_figure(
    purities: pd.DataFrame, names: Mapping[str, str], errors: pd.DataFrame, error: str, title: str = ""
) -> Figure:
    """Draw how a network's layers order elements, atoms and compounds: purities on the left, errors on the right.

    Parameters
    ----------
    purities
        Index ``label`` and ``layer``, in the order of the network; columns as in `purity_by_layer`.
    names
        Labels to draw, and their names in the legend.
    errors
        Relative errors by layer, NaN where there is none: columns ``trained`` and ``untrained``.
    error
        Name of the errors in the legend.
    title
        The finding; written above.
    """
    figure, (panels,) = page(1, 2, 3.5, title)
    layers = list(errors.index)
    for number, (label, name) in enumerate(names.items()):
        table = purities.loc[[label]].droplevel("label").reindex(layers)
        purity_by_layer(table, panels[0], name, f"C{number}", MARKERS[number])
    errors_by_layer(errors, panels[1], error)
    legend_below(figure, panels, 3)
    return figure


def networks_figure(purities: pd.DataFrame, title: str = "") -> Figure:
    """Draw the purities of several networks' layers, in a panel for each network; all panels share their scale.

    Parameters
    ----------
    purities
        Columns ``network``, ``layer`` (from the first to the last), and those of `purity_by_layer`.
    title
        The finding; written above.
    """
    tables = {str(network): rows.set_index("layer") for network, rows in purities.groupby("network", sort=False)}
    columns = min(3, len(tables))
    rows = -(-len(tables) // columns)
    figure, axes = page(rows, columns, 2.3, title, sharey=True)
    for ax, (network, table) in zip(axes.flat, tables.items(), strict=False):
        purity_by_layer(table, ax, "neighbours in the same environment", "C0", "o")
        ax.set_title(network)
    for ax in axes.flat[len(tables) :]:
        ax.set_axis_off()
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    legend_below(figure, axes.flat[: len(tables)], 3)
    return figure


def differences_figure(differences: pd.DataFrame, title: str = "") -> Figure:
    """Draw how much purer the fusion is than each of its parts, with an interval for each case.

    Parameters
    ----------
    differences
        Columns ``part``, ``label`` (of the data set, one panel each), ``element``, ``difference``, ``low``, ``high``.
    title
        The finding; written above.
    """
    sets = list(dict.fromkeys(differences["label"]))
    figure, (panels,) = page(1, len(sets), 2.6, title, sharex=True, sharey=True)
    parts = list(dict.fromkeys(differences["part"]))
    elements = list(dict.fromkeys(differences["element"]))
    for ax, name in zip(panels, sets, strict=True):
        for number, element in enumerate(elements):
            rows = differences[(differences["label"] == name) & (differences["element"] == element)]
            heights = np.array([parts.index(part) for part in rows["part"]]) + 0.22 * (number - (len(elements) - 1) / 2)
            reach = np.abs(rows[["low", "high"]].to_numpy().T - rows["difference"].to_numpy())
            look: Any = {"fmt": MARKERS[number % len(MARKERS)], "markersize": 3, "linewidth": 1}
            ax.errorbar(rows["difference"], heights, xerr=reach, label=element, **look)
        ax.axvline(0, color="0.4", linewidth=0.8)
        ax.set_yticks(range(len(parts)), [f"than {part}" for part in parts])
        ax.xaxis.set_major_locator(MultipleLocator(0.1))
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:+.0f}" if abs(value) > 1e-9 else "0")
        ax.set_xlabel("difference (percentage points)")
        ax.set_title(name)
    panels[0].set_ylim(len(parts) - 0.5, -0.5)
    legend_below(figure, panels, len(elements))
    return figure


def purity_by_layer(table: pd.DataFrame, ax: Axes, name: str, colour: str = "C0", marker: str = "o") -> Axes:
    """Draw the purity of neighbours, layer after layer, with the range of its null below.

    Parameters
    ----------
    table
        Index ``layer``, in the order of the network; columns ``share``, ``null``, ``low``, ``high`` and, if known,
        ``untrained``, the share before the training; the last three may be NaN.
    ax
        Where to draw.
    name
        Name in the legend.
    colour, marker
        Look of the line; the null has the same colour.
    """
    places = np.arange(len(table))
    ax.plot(places, table["share"], color=colour, marker=marker, markersize=3, label=name)
    if "untrained" in table and table["untrained"].notna().any():
        ax.plot(places, table["untrained"], color=colour, linewidth=0.8, linestyle="--")
        ax.plot([], [], color="0.3", linewidth=0.8, linestyle="--", label=BEFORE)
    # Half a step to either side, so that a network with one layer has a null as well.
    ax.hlines(table["null"], places - 0.5, places + 0.5, color=colour, linewidth=0.8, linestyle=":")
    for place, low, high in zip(places, table["low"], table["high"], strict=True):
        ax.fill_between([place - 0.5, place + 0.5], low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot([], [], color="0.3", linewidth=0.8, linestyle=":", label=NULL)
    ax.set_xticks(places, [layer_name(str(layer)) for layer in table.index], rotation=35, ha="right")
    ax.set_xlim(-0.5, len(table) - 0.5)
    ax.set_ylim(0, 1)
    ax.set_ylabel("share of neighbours")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    return ax


def errors_by_layer(errors: pd.DataFrame, ax: Axes, name: str) -> Axes:
    """Draw an error relative to predicting the mean, layer after layer; errors as in `order_figure`."""
    places = range(len(errors))
    ax.plot(places, errors["trained"].astype(float), color="C3", marker="o", markersize=3, label=name)
    ax.plot(places, errors["untrained"].astype(float), color="C3", linewidth=0.8, linestyle="--")
    ax.set_xticks(range(len(errors)), [layer_name(str(layer)) for layer in errors.index], rotation=35, ha="right")
    ax.set_ylim(0, 1.1 * ax.get_ylim()[1])
    ax.set_ylabel("error (1: predicting the mean)")
    return ax
