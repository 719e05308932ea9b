"""Draw predictions along a line of compositions, over a ternary, and over the periodic table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pymatgen.core import Element

from lgdcnn_core.companion.wording import label


KNOWN: dict[str, Any] = {"marker": "o", "facecolors": "white", "edgecolors": "black", "linewidths": 0.8, "zorder": 4}
"""Look of compounds with known values."""


def along_line(predicted: pd.DataFrame, known: pd.DataFrame, ax: Axes, ends: Sequence[str], quantity: str) -> Axes:
    """Draw a property against composition, with its interval, and compounds with known values on it.

    Parameters
    ----------
    predicted
        Columns ``b``, the share of the second end, ``value``, ``lower`` and ``upper``, in the order of the share.
    known
        Columns ``b`` and ``target``; may be empty.
    ax
        Where to draw.
    ends
        Formulas of the ends.
    quantity
        Name of the property with its unit, for the axis.
    """
    ax.fill_between(predicted["b"], predicted["lower"], predicted["upper"], alpha=0.25, linewidth=0)
    ax.plot(predicted["b"], predicted["value"], label="predicted")
    ax.scatter(known["b"], known["target"], s=16, label="known", **KNOWN)
    ax.set(xlabel=f"share of {ends[1]} in {ends[0]}-{ends[1]}", ylabel=quantity, xlim=(0, 1))
    ax.legend()
    return ax


def element_shares(shares: pd.DataFrame, ax: Axes, ends: Sequence[str], unit: str) -> Axes:
    """Draw the contribution of each element to a property against composition.

    Parameters
    ----------
    shares
        A column for each element; the index is the fraction.
    ax
        Where to draw.
    ends
        Formulas of the ends.
    unit
        Unit of the property.
    """
    for element in shares:
        ax.plot(shares.index, shares[element], label=str(element))
    ax.axhline(0, color="0.5", linewidth=0.6)
    ax.set(xlabel=f"share of {ends[1]} in {ends[0]}-{ends[1]}", ylabel=label("contribution", unit), xlim=(0, 1))
    ax.legend()
    return ax


def over_ternary(predicted: pd.DataFrame, known: pd.DataFrame, ax: Axes, ends: Sequence[str], quantity: str) -> Axes:
    """Draw a property over all mixtures of three ends, and compounds with known values.

    Parameters
    ----------
    predicted
        Columns ``a``, ``b`` and ``c``, the shares of the ends, and ``value``.
    known
        Columns ``a``, ``b`` and ``c``; may be empty.
    ax
        Where to draw; a colour bar goes beside it.
    ends
        Formulas of the three ends.
    quantity
        Name of the property with its unit, for the colour bar.
    """
    x, y = _in_triangle(predicted)
    drawn = ax.tricontourf(x, y, predicted["value"], levels=14)
    ax.scatter(*_in_triangle(known), s=12, **KNOWN)
    height = np.sqrt(3) / 2
    for text, (across, up), aligned in zip(
        ends, ((0, 0), (1, 0), (0.5, height)), ("right", "left", "center"), strict=True
    ):
        ax.annotate(text, (across, up), (0, 3 if up else -3), textcoords="offset points", ha=aligned, va="bottom" if up else "top")
    ax.set(aspect="equal", xlim=(-0.08, 1.08), ylim=(-0.1, height + 0.12))
    ax.axis("off")
    ax.figure.colorbar(drawn, ax=ax, label=quantity, shrink=0.8)
    return ax


def periodic_table(values: Mapping[str, float], ax: Axes, quantity: str) -> Axes:
    """Colour the elements of the periodic table by a value each.

    Parameters
    ----------
    values
        Value by symbol; elements without one are left out.
    ax
        Where to draw; a colour bar goes beside it.
    quantity
        Name of the property with its unit, for the colour bar.
    """
    places = {symbol: _place(symbol) for symbol in values}
    across, down = (np.array([place[axis] for place in places.values()]) for axis in (0, 1))
    shown = np.array(list(values.values()), dtype=float)
    drawn = ax.scatter(across, down, c=shown, marker="s", s=88, linewidths=0)
    middle = (np.nanmin(shown) + np.nanmax(shown)) / 2
    for symbol, (column, row) in places.items():
        colour = "white" if values[symbol] < middle else "black"
        ax.annotate(symbol, (column, row), ha="center", va="center", fontsize=5, color=colour)
    ax.set(xlim=(0.3, 18.7), ylim=(10.2, 0.4), aspect="equal")
    ax.axis("off")
    ax.figure.colorbar(drawn, ax=ax, label=quantity, shrink=0.7)
    return ax


def _place(symbol: str) -> tuple[float, float]:
    """Return column and row of an element; the f block lies below the others."""
    element = Element(symbol)
    if element.is_lanthanoid or element.is_actinoid:
        first = 57 if element.is_lanthanoid else 89
        return 3.0 + element.Z - first, 8.5 if element.is_lanthanoid else 9.5
    return float(element.group), float(element.row)


def _in_triangle(shares: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return x and y of compositions in a triangle of side 1."""
    return shares["b"] + shares["c"] / 2, shares["c"] * np.sqrt(3) / 2
