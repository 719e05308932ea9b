"""The roofline: what training reaches, below what arithmetic and memory allow."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from lgdcnn_core.companion.figures.naming import name_points

_COLOURS = {"float32": "C0", "bfloat16": "C1", "tf32": "C2"}
_MARKERS = "os^Dv"


def roofline(points: pd.DataFrame, peaks: Mapping[str, float], bandwidth: float, ax: Axes, text: str = "") -> Axes:
    """Draw measured cases below their roofs, both axes logarithmic.

    Parameters
    ----------
    points
        Columns ``intensity`` (FLOP a byte), ``flops`` (FLOP/s), ``precision``, ``kind`` (what the marker tells) and
        ``name`` (written beside the point); one row a case.
    peaks
        FLOP/s of the fastest matrix product in each precision: the flat roofs.
    bandwidth
        Bytes per second of memory: the slope.
    ax
        Where to draw.
    text
        To write above.
    """
    giga = 1e-9
    low, high = points["intensity"].min() / 2, points["intensity"].max() * 2
    ax.set(xscale="log", yscale="log", xlabel="arithmetic intensity (FLOP/byte)", ylabel="speed (GFLOP/s)")
    for precision, peak in peaks.items():
        ridge = float(np.clip(peak / bandwidth, low, high))
        x = np.array([low, ridge, high])
        y = np.minimum(x * bandwidth, peak) * giga
        ax.plot(x, y, color=_COLOURS[precision], label=f"roof, {precision}")
    for number, (kind, rows) in enumerate(points.groupby("kind", sort=False)):
        colours = rows["precision"].map(_COLOURS)
        marker = _MARKERS[number % len(_MARKERS)]
        ax.scatter(rows["intensity"], rows["flops"] * giga, s=10, c=list(colours), marker=marker, zorder=3)
        ax.plot([], [], marker, color="0.3", markersize=3, label=str(kind))
    ax.set_xlim(low, high)
    ax.set_ylim(0.6 * points["flops"].min() * giga, 1.6 * max(*peaks.values(), points["flops"].max()) * giga)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
        axis.set_minor_formatter(NullFormatter())
    if text:
        ax.set_title(text, fontsize="medium")
    name_points(points["intensity"], points["flops"] * giga, points["name"], ax)
    return ax
