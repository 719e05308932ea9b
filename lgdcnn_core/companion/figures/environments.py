"""What CECV is made of, and what it is compared with: regions, bands, counts, and the EFMs of one cluster."""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import ArrayLike

REGION = "#F0E442"  # the yellow of the same palette as the lines
PUBLISHED = "black"

MOST_FORMULAS = 6
"""Compounds of a cluster that are named below its picture."""

MOST_ELEMENTS = 3
"""Elements of a cluster's row that are named beside it."""


def target_region(thresholds: Sequence[float], low: ArrayLike, high: ArrayLike, ax: Axes) -> Axes:
    """Shade the region between two curves of clusters per compound, (T,) each."""
    ax.fill_between(thresholds, low, high, color=REGION, alpha=0.45, linewidth=0, zorder=0, label="target region")
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
    markers = "osD^vPX*"
    for number, (name, values) in enumerate(counts.items()):
        (line,) = ax.plot(
            thresholds, np.asarray(values), marker=markers[number % len(markers)], markersize=3, label=name
        )
        if bands is not None and name in bands:
            low, high = (np.asarray(edge) for edge in bands[name])
            ax.fill_between(thresholds, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
    if published is not None:
        ax.plot(thresholds, np.asarray(published), "x--", color=PUBLISHED, markersize=4, label="paper", zorder=4)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set(xlabel="threshold (difference of correlations)", ylabel="clusters")
    ax.legend()
    return ax


def cluster_heatmap(efms: ArrayLike, elements: Sequence[Sequence[str]], formulas: Sequence[str], ax: Axes) -> Axes:
    """Draw the mean EFM of a cluster, with the elements of its rows and its compounds.

    Parameters
    ----------
    efms
        EFMs of the n compounds of one size, (n, N, N).
    elements
        For each compound the symbols of its elements in the order of the EFM's rows, (n, N).
    formulas
        The compounds, (n,).
    ax
        Where to draw.
    """
    matrices = np.asarray(efms, dtype=float)
    mean, size = matrices.mean(axis=0), matrices.shape[1]
    ax.imshow(mean, cmap="RdBu_r", vmin=-1, vmax=1)
    for row in range(size):
        for column in range(size):
            colour = "white" if abs(mean[row, column]) > 0.6 else "black"
            text = f"{mean[row, column]:.2f}".replace("-", "\N{MINUS SIGN}")
            ax.text(column, row, text, ha="center", va="center", fontsize=5, color=colour)
    rows = [_named([compound[place] for compound in elements]) for place in range(size)]
    ax.set_xticks(range(size), [str(place + 1) for place in range(size)])
    ax.set_yticks(range(size), rows)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    n = len(formulas)
    ax.set_title(f"{n} compound{'s' if n != 1 else ''}", fontsize="medium")
    more = f", … ({n - MOST_FORMULAS} more)" if n > MOST_FORMULAS else ""
    ax.set_xlabel(textwrap.fill(", ".join(formulas[:MOST_FORMULAS]) + more, 34), fontsize="small")
    return ax


def _named(symbols: Sequence[str]) -> str:
    """Most frequent symbols of a row, such as "Si, Ge, …"."""
    frequent = [symbol for symbol, _ in Counter(symbols).most_common()]
    return ", ".join(frequent[:MOST_ELEMENTS]) + (", …" if len(frequent) > MOST_ELEMENTS else "")
