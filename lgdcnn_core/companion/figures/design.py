"""Draw rational design: the target region, scores against errors, and how well scores predict errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from lgdcnn_core.companion.figures.cecv import MARKERS, target_region, threshold_axis
from lgdcnn_core.companion.figures.naming import name_points
from lgdcnn_core.companion.figures.page import legend_below, page, wrapped
from lgdcnn_core.companion.figures.style import DOUBLE
from lgdcnn_core.companion.wording import label

PAPER = "paper"
"""Origin of the paper's networks, which are named in pictures."""

WIDE_RANGE = 2
"""Above this ratio of the largest to the smallest error, the axis of errors is logarithmic."""

_ORIGINS = {
    PAPER: ("o", "C1", "network of the paper"),
    "random": ("s", "C0", "drawn at random"),
    "proposed": ("^", "C2", "proposed by the loop"),
}
"""Marker, colour and name by origin; every round of proposals is "proposed"."""

SPANS = "spans the region"
"""Name of the networks whose curves the region lies between."""


@dataclass(frozen=True)
class Region:
    """The target region of a data set, with the curves of its references and of candidates.

    Attributes
    ----------
    thresholds
        (T,).
    references, curves
        Normalised CECVs by name, (T,) each.
    bounds
        Lower and upper edge of the region, (T,) each.
    """

    thresholds: Sequence[float]
    references: Mapping[str, Sequence[float]]
    bounds: tuple[Sequence[float], Sequence[float]]
    curves: Mapping[str, Sequence[float]]


def region_figure(regions: Mapping[str, Region], title: str = "") -> Figure:
    """Draw target regions and curves, in a panel for each data set.

    Parameters
    ----------
    regions
        Regions by the name of the data set.
    title
        The finding; written above.
    """
    figure, (panels,) = page(1, len(regions), 2.9, title)
    for ax, (name, each) in zip(panels, regions.items(), strict=True):
        region_curves(each, ax)
        ax.set_title(wrapped(name, 0.85 * DOUBLE / len(regions), mpl.rcParams["axes.titlesize"]))
    for ax in panels[1:]:
        ax.set_ylabel("")
    legend_below(figure, panels, 5)
    return figure


def region_curves(region: Region, ax: Axes) -> Axes:
    """Draw the target region between the curves of its references, and the curves of candidates."""
    target_region(region.thresholds, *region.bounds, ax)
    for (name, curve), style in zip(region.references.items(), ("-", "--"), strict=False):
        ax.plot(region.thresholds, curve, color="black", linestyle=style, label=name)
    for number, (name, curve) in enumerate(region.curves.items()):
        marker = MARKERS[number % len(MARKERS)]
        ax.plot(region.thresholds, curve, marker=marker, markersize=3, linewidth=0.9, label=name)
    threshold_axis(ax, "clusters per compound")
    return ax


def score_figure(table: pd.DataFrame, titles: Mapping[str, str], units: Mapping[str, str], title: str = "") -> Figure:
    """Draw validation MAEs against CECV scores, in a panel for each data set, and name the paper's networks.

    Parameters
    ----------
    table
        As in `score_against_error`, with a column ``dataset``.
    titles, units
        Title of each panel, and unit of the property, by data set.
    title
        The finding; written above.
    """
    figure, (panels,) = page(1, len(titles), 3.6, title)
    width = 0.75 * DOUBLE / len(titles)
    for ax, (name, text) in zip(panels, titles.items(), strict=True):
        text = wrapped(text, width, mpl.rcParams["axes.titlesize"])
        score_against_error(table[table["dataset"] == name], ax, units[name], text)
    legend_below(figure, panels[:1], 4)
    for ax, name in zip(panels, titles, strict=True):
        rows = table[table["dataset"] == name]
        name_points(rows["score"], rows["val_mae"], rows["candidate"].where(rows["origin"] == PAPER), ax)
    return figure


def score_against_error(table: pd.DataFrame, ax: Axes, unit: str, text: str = "") -> Axes:
    """Draw the validation MAE of the candidates on one data set against their CECV score.

    Parameters
    ----------
    table
        Columns ``candidate``, ``origin``, ``score``, ``val_mae``, ``mean_predictor_mae``, ``reference``; one row a
        candidate.
    ax
        Where to draw.
    unit
        Unit of the property.
    text
        Title, written above the error of predicting the mean.
    """
    shown = table["origin"].where(table["origin"].isin(list(_ORIGINS)), "proposed")
    for origin, (marker, colour, name) in _ORIGINS.items():
        for reference, face in ((False, colour), (True, "none")):
            rows = table[(shown == origin) & (table["reference"] == reference)]
            if len(rows):
                look: Any = {"s": 14, "marker": marker, "facecolors": face, "edgecolors": colour, "linewidths": 0.8}
                ax.scatter(rows["score"], rows["val_mae"], **look, label=SPANS if reference else name)
    ax.set(xlabel="distance to the target region\n(clusters per compound)", ylabel=label("validation MAE", unit))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.set_xlim(left=min(0.0, *ax.get_xlim()))
    ax.margins(y=0.12)
    if table["val_mae"].max() > WIDE_RANGE * table["val_mae"].min():
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.yaxis.set_minor_locator(NullLocator())
    # A line at this error would press all points together at the lower edge.
    mean = f"predicting the mean: {table['mean_predictor_mae'].iloc[0]:.3g}"
    ax.set_title(f"{text}\n{mean}" if text else mean)
    return ax


def power_figure(power: pd.DataFrame, names: Mapping[str, str], datasets: Mapping[str, str], title: str = "") -> Figure:
    """Draw rank correlations on a page of their own; parameters as in `correlations`, and the finding."""
    figure, axes = page(1, 1, 3.0, title)
    correlations(power, axes[0, 0], names, datasets)
    legend_below(figure, axes.flat, len(datasets))
    return figure


def correlations(power: pd.DataFrame, ax: Axes, names: Mapping[str, str], datasets: Mapping[str, str]) -> Axes:
    """Draw rank correlations with the validation MAE and their intervals, one line per predictor and data set.

    Parameters
    ----------
    power
        Columns ``dataset``, ``predictor``, ``rho``, ``low``, ``high``.
    ax
        Where to draw.
    names, datasets
        Names of predictors and data sets, in the order in which they are drawn.
    """
    places: list[float] = []
    place = 0.0
    for predictor in names:
        for number, dataset in enumerate(datasets):
            row = power[(power["predictor"] == predictor) & (power["dataset"] == dataset)].iloc[0]
            last = number == len(datasets) - 1
            ax.errorbar(
                row["rho"],
                place,
                xerr=[[row["rho"] - row["low"]], [row["high"] - row["rho"]]],
                fmt="D" if last else "osv^"[number % 4],
                color="black" if last else f"C{number}",
                markersize=4 if last else 3,
                linewidth=1.4 if last else 0.9,
                label=datasets[dataset] if not places else None,
            )
            place += 0.2
        places.append(place - 0.2 * (len(datasets) + 1) / 2)
        place += 0.4
    ax.axvline(0, color="0.4", linewidth=0.6)
    ax.set_yticks(places, list(names.values()))
    ax.set(xlim=(-1, 1), ylim=(place - 0.3, -0.3), xlabel="rank correlation with the validation MAE (95 % interval)")
    ax.tick_params(axis="y", length=0)
    return ax
