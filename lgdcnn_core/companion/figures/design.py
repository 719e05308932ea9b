"""Rational design: the target region, scores against errors, and what a score is worth."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from lgdcnn_core.companion.figures.naming import name_points
from lgdcnn_core.companion.wording import label

PAPER = "paper"
"""Origin of the paper's networks, which are named in pictures."""

WIDE_RANGE = 2
"""From this ratio of the largest to the smallest error on, the axis of errors is logarithmic."""

_ORIGINS = {PAPER: ("o", "C1"), "random": ("s", "C0"), "proposed": ("^", "C2")}
"""Marker and colour by origin; every round of proposals is "proposed"."""

_CORNER: Any = {"ha": "right", "va": "top", "fontsize": 5, "color": "0.4"}


def target_region(
    thresholds: Sequence[float],
    references: Mapping[str, Sequence[float]],
    bounds: tuple[Sequence[float], Sequence[float]],
    curves: Mapping[str, Sequence[float]],
    ax: Axes,
) -> Axes:
    """Draw the target region between the curves of its references, and the curves of candidates.

    Parameters
    ----------
    thresholds
        (T,).
    references, curves
        Normalised CECVs by name, (T,) each.
    bounds
        Lower and upper edge of the region, (T,) each.
    ax
        Where to draw.
    """
    low, high = bounds
    ax.fill_between(thresholds, low, high, color="0.85", linewidth=0, label="target region")
    # At small t the region is a line, which a filled area does not show.
    ax.plot(thresholds, low, color="0.75", linewidth=3, solid_capstyle="butt", zorder=1)
    for (name, curve), style in zip(references.items(), ("-", "--"), strict=False):
        ax.plot(thresholds, curve, color="black", linestyle=style, label=name)
    for number, (name, curve) in enumerate(curves.items()):
        ax.plot(thresholds, curve, marker="osD^vPX*"[number % 8], markersize=2.5, linewidth=0.9, label=name)
    ax.set(xlabel="threshold (difference of correlations)", ylabel="clusters per compound", ylim=(0, None))
    return ax


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
        To write in the upper corner.
    """
    shown = table["origin"].where(table["origin"].isin(list(_ORIGINS)), "proposed")
    for origin, (marker, colour) in _ORIGINS.items():
        for reference, face in ((False, colour), (True, "none")):
            rows = table[(shown == origin) & (table["reference"] == reference)]
            if len(rows):
                name = f"{origin}, spans the region" if reference else origin
                ax.scatter(
                    rows["score"], rows["val_mae"], s=14, marker=marker, facecolors=face, edgecolors=colour, label=name
                )
    ax.set(xlabel="distance to the target region\n(clusters per compound)", ylabel=label("validation MAE", unit))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.set_xlim(left=min(0.0, *ax.get_xlim()))
    ax.margins(y=0.12)
    if table["val_mae"].max() > WIDE_RANGE * table["val_mae"].min():
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.yaxis.set_minor_locator(NullLocator())
    name_points(table["score"], table["val_mae"], table["candidate"].where(table["origin"] == PAPER), ax)
    # A line at this error would press all points together at the lower edge.
    ax.text(1, 1, f"predicting the mean: {table['mean_predictor_mae'].iloc[0]:.3g}", transform=ax.transAxes, **_CORNER)
    if text:
        ax.set_title(text, fontsize="medium")
    return ax


def correlations(power: pd.DataFrame, ax: Axes, names: Mapping[str, str], datasets: Mapping[str, str]) -> Axes:
    """Draw rank correlations with the validation MAE and their intervals, one line a predictor and data set.

    Parameters
    ----------
    power
        Columns ``dataset``, ``predictor``, ``rho``, ``low``, ``high``.
    ax
        Where to draw.
    names, datasets
        What to call predictors and data sets, in the order in which they are to stand.
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
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=len(datasets))
    return ax
