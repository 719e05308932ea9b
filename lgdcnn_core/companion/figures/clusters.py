"""Draw clusters of compounds: the mean EFM of each, its compounds and its elements."""

from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from lgdcnn_core.companion.figures.page import NO_BREAK, page, wrapped

MOST_FORMULAS = 6
"""Compounds of a cluster that are named below its picture."""

MOST_ELEMENTS = 3
"""Elements of a cluster's row that are named beside it."""

COLOURS = "RdBu_r"


Cluster = tuple[ArrayLike, Sequence[Sequence[str]], Sequence[str]]
"""EFMs of n compounds of N elements, (n, N, N), symbols of their elements in the order of the EFM's rows, (n, N), and
their formulas, (n,)."""


def clusters_figure(clusters: Mapping[str, Cluster], title: str = "") -> Figure:
    """Draw clusters side by side, with one colour bar.

    Parameters
    ----------
    clusters
        A few clusters by name, all of compounds with the same number of elements.
    title
        The finding; written above.
    """
    figure, axes = page(1, len(clusters), 3.3, title)
    for ax, (name, each) in zip(axes.flat, clusters.items(), strict=True):
        cluster_heatmap(*each, ax)
        ax.set_title(wrapped(name, 2.4, mpl.rcParams["axes.titlesize"]))
    bar = figure.colorbar(ScalarMappable(Normalize(-1, 1), COLOURS), ax=list(axes.flat), pad=0.02, aspect=30)
    bar.set_label("correlation of two elements' features")
    bar.outline.set_visible(False)
    return figure


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
    ax.imshow(mean, cmap=COLOURS, vmin=-1, vmax=1)
    for row in range(size):
        for column in range(size):
            colour = "white" if abs(mean[row, column]) > 0.6 else "black"
            text = f"{mean[row, column]:.2f}".replace("-", "\N{MINUS SIGN}")
            ax.text(column, row, text, ha="center", va="center", color=colour)
    rows = [_named([compound[place] for compound in elements]) for place in range(size)]
    ax.set_xticks(range(size), [str(place + 1) for place in range(size)])
    ax.set_yticks(range(size), rows)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    n = len(formulas)
    ax.set_title(f"{n} compound{'s' if n != 1 else ''}")
    more = f", … ({n - MOST_FORMULAS}{NO_BREAK}more)" if n > MOST_FORMULAS else ""
    text = ", ".join(formulas[:MOST_FORMULAS]) + more
    ax.set_xlabel(wrapped(text, 2.4, mpl.rcParams["axes.labelsize"]))
    return ax


def _named(symbols: Sequence[str]) -> str:
    """Most frequent symbols of a row, such as "Si, Ge, …"."""
    frequent = [symbol for symbol, _ in Counter(symbols).most_common()]
    return ", ".join(frequent[:MOST_ELEMENTS]) + (", …" if len(frequent) > MOST_ELEMENTS else "")
