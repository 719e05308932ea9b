"""Draw CECV curves: how finely layers and networks distinguish chemical environments."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import ArrayLike

from lgdcnn_core.cecv import CECV, Band
from lgdcnn_core.companion.figures.page import legend_below, page, wrapped
from lgdcnn_core.companion.figures.style import DOUBLE

MARKERS = "osD^vPX*"

REGION = "#F0E442"  # the yellow of the same palette as the lines
PUBLISHED = "black"

RULES = {"published": "scan order (the paper's)", "leader": "leader", "complete-linkage": "complete linkage"}
"""Readable names of the clustering rules."""

Region = tuple[ArrayLike, ArrayLike]
"""Lower and upper edge (T,) of a target region, in clusters per compound."""


def cecv_networks_figure(
    curves: Mapping[tuple[str, str], Mapping[str, CECV]],
    regions: Mapping[tuple[str, str], Region],
    title: str = "",
) -> Figure:
    """Draw one curve per network, in a panel for each data set (rows) and element (columns).

    Parameters
    ----------
    curves
        CECVs by network, by (data set, element).
    regions
        Target regions by (data set, element).
    title
        The finding; written above.
    """
    rows, columns = _sides(curves)
    figure, axes = page(len(rows), len(columns), 1.75, title, sharex=True, sharey="row")
    for ax, (row, column) in zip(axes.flat, product(rows, columns), strict=True):
        target_region(next(iter(curves[row, column].values())).thresholds, *regions[row, column], ax)
        cecv_curves(curves[row, column], ax)
        n = next(iter(curves[row, column].values())).n_compounds
        ax.text(0.97, 0.95, f"{n:,} compounds with {column}", transform=ax.transAxes, ha="right", va="top")
    _name_sides(axes, rows, [""] * len(columns))
    legend_below(figure, axes.flat, 4)
    return figure


def cecv_layers_figure(
    curves: Mapping[tuple[str, str], Mapping[str, CECV]],
    references: Mapping[str, Mapping[str, CECV]],
    regions: Mapping[str, Region],
    title: str = "",
) -> Figure:
    """Draw one curve per layer, in a panel for each network (rows) and data set (columns).

    Parameters
    ----------
    curves
        CECVs by layer, in the order of the layers, by (network, data set).
    references
        CECVs of the local and the global network by name, by data set; drawn in grey.
    regions
        Target regions by data set.
    title
        The finding; written above.
    """
    rows, columns = _sides(curves)
    figure, axes = page(len(rows), len(columns), 2.1, title, sharex=True, sharey="col")
    for ax, (row, column) in zip(axes.flat, product(rows, columns), strict=True):
        target_region(next(iter(curves[row, column].values())).thresholds, *regions[column], ax)
        for (name, each), line in zip(references[column].items(), (":", "--"), strict=False):
            ax.plot(each.thresholds, each.normalised, line, color="0.4", label=name)
        cecv_curves({layer_name(layer): each for layer, each in curves[row, column].items()}, ax, ordered=True)
        ax.get_legend().remove()
    _name_sides(axes, rows, columns)
    for ax in axes[-1]:
        ax.set_xlabel(ax.get_xlabel().replace(" (", "\n("))  # beside the legends there is little room
    for row_axes in axes:
        row_axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def cecv_rules_figure(
    shuffled: Mapping[str, Band],
    chosen: Mapping[str, Band],
    published: ArrayLike | None = None,
    title: str = "",
) -> Figure:
    """Draw the numbers of clusters by several rules beside the paper's, with two kinds of bands.

    Parameters
    ----------
    shuffled
        From `cecv.shuffle_band`, by rule; drawn on the left.
    chosen
        From `cecv.subsample_band`, by rule; drawn on the right.
    published
        The paper's CECV (T,).
    title
        The finding; written above.
    """
    figure, axes = page(1, 2, 2.7, title, sharey=True)
    said = ("bands: the compounds in random orders", "band: 95 % confidence over the choice of compounds")
    for ax, bands, text in zip(axes.flat, (shuffled, chosen), said, strict=True):
        named = {RULES.get(rule, rule): band for rule, band in bands.items()}
        thresholds = next(iter(named.values())).cecv.thresholds
        counts = {name: band.cecv.counts for name, band in named.items()}
        edges = {name: (band.low, band.high) for name, band in named.items()}
        cecv_counts(counts, thresholds, ax, published, edges)
        ax.set_title(text)
    axes[0, 1].label_outer()
    return figure


def cecv_curves(cecvs: Mapping[str, CECV], ax: Axes, ordered: bool = False) -> Axes:
    """Draw normalised CECVs against the threshold, one curve per layer or network, on a logarithmic axis.

    Parameters
    ----------
    cecvs
        CECVs by the name for the legend; of the same compounds, if the curves are to be compared.
    ax
        Where to draw.
    ordered
        Whether the curves belong to successive layers: their colours then go from light to dark.
    """
    colours = sns.color_palette("viridis_r", len(cecvs)) if ordered else [f"C{number}" for number in range(len(cecvs))]
    for number, (name, each) in enumerate(cecvs.items()):
        ax.plot(each.thresholds, each.normalised, **_look(number), color=colours[number], label=name)
    threshold_axis(ax, "clusters per compound")
    ax.legend()
    return ax


def target_region(thresholds: Sequence[float], low: ArrayLike, high: ArrayLike, ax: Axes) -> Axes:
    """Shade the region between two curves of clusters per compound, (T,) each."""
    ax.fill_between(thresholds, low, high, color=REGION, alpha=0.6, linewidth=0, zorder=0, label="target region")
    # Where both edges are the same, a filled area shows nothing.
    line = np.where(np.isclose(low, high), low, np.nan)
    ax.plot(thresholds, line, color=REGION, alpha=0.6, linewidth=3, solid_capstyle="butt", zorder=0)
    return ax


def cecv_counts(
    counts: Mapping[str, ArrayLike],
    thresholds: Sequence[float],
    ax: Axes,
    published: ArrayLike | None = None,
    bands: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
) -> Axes:
    """Draw numbers of clusters against the threshold, on a logarithmic axis.

    Parameters
    ----------
    counts
        CECVs (T,) by the name for the legend.
    thresholds
        The T thresholds.
    ax
        Where to draw.
    published
        The paper's CECV (T,), drawn in black.
    bands
        Lower and upper edges (T,) of a band, by a name that is in `counts`.
    """
    for number, (name, values) in enumerate(counts.items()):
        (line,) = ax.plot(thresholds, np.asarray(values), **_look(number), label=name)
        if bands is not None and name in bands:
            low, high = (np.asarray(edge) for edge in bands[name])
            ax.fill_between(thresholds, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
    if published is not None:
        ax.plot(thresholds, np.asarray(published), "x--", color=PUBLISHED, markersize=4, label="paper", zorder=4)
    threshold_axis(ax, "clusters")
    ax.legend()
    return ax


def layer_name(layer: str) -> str:
    """Return a readable name of a layer: the second call of a module is "soft attention, 2nd"."""
    name, _, call = layer.partition("#")
    return f"{name}, {({'1': '1st', '2': '2nd', '3': '3rd'}).get(call, f'{call}th')}" if call else name


def _look(number: int) -> dict[str, Any]:
    return {"marker": MARKERS[number % len(MARKERS)], "markersize": 3}


def threshold_axis(ax: Axes, quantity: str) -> None:
    """Label the axes of a CECV, and make the axis of the quantity logarithmic."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set(xlabel="threshold (difference of correlations)", ylabel=quantity)


def _sides(panels: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Names of the rows and of the columns of panels."""
    panels = list(panels)
    return list(dict.fromkeys(row for row, _ in panels)), list(dict.fromkeys(column for _, column in panels))


def _name_sides(axes: Any, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Write the names of the columns above, and those of the rows at the left, with the quantity of the axis."""
    size = mpl.rcParams["axes.labelsize"]
    for ax in axes[:-1].flat:
        ax.set_xlabel("")
    for row, name in zip(axes, rows, strict=True):
        row[0].set_ylabel(f"{wrapped(name, 1.5, size)}\n{row[0].get_ylabel()}")
        for ax in row[1:]:
            ax.set_ylabel("")
    for ax, name in zip(axes[0], columns, strict=True):
        ax.set_title(wrapped(name, 0.8 * DOUBLE / len(columns), mpl.rcParams["axes.titlesize"]))
