"""Maps of what a layer makes of elements, compounds and environments, and how its elements correlate."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from lgdcnn_core.companion.wording import label

BLOCKS = {"s": "#D55E00", "p": "#0072B2", "d": "#009E73", "f": "#CC79A7"}
NO_GROUP = "0.65"

COLOURS = ("#0072B2", "#009E73", "#D55E00", "#E69F00", "#56B4E9", "0.6", "black")
"""Of environments, in their order; the last for all that come after."""

TARGETS = "viridis"

TAILS = (0.02, 0.98)
"""Quantiles of the targets at which colours end, so that a few extreme ones do not take all of them."""


def element_map(points: pd.DataFrame, ax: Axes, by: str = "block") -> Axes:
    """Draw elements by their symbols where a map puts them.

    Parameters
    ----------
    points
        ``x``, ``y``, ``symbol``, ``block`` (s, p, d, f) and ``group`` ("1" to "18", or "f").
    ax
        Where to draw.
    by
        What the colour tells: ``"block"`` or ``"group"``.
    """
    if by == "block":
        colours = points["block"].map(BLOCKS)
    else:
        groups = sns.color_palette("Spectral", 18).as_hex()
        colours = points["group"].map({str(number + 1): groups[number] for number in range(18)} | {"f": NO_GROUP})
    ax.scatter(points["x"], points["y"], c=colours, s=34, linewidths=0, alpha=0.9)
    for x, y, symbol, colour in zip(points["x"], points["y"], points["symbol"], colours, strict=True):
        ax.text(x, y, symbol, ha="center", va="center", fontsize=3.8, color=_readable_on(colour))
    return _bare(ax)


def environment_map(points: pd.DataFrame, ax: Axes, order: Sequence[str]) -> Axes:
    """Draw the atoms of one element where a map puts them, coloured by their environment.

    Parameters
    ----------
    points
        ``x``, ``y``, ``environment``.
    ax
        Where to draw.
    order
        All environments; a colour belongs to its place in this order.
    """
    for number, name in enumerate(order):
        rows = points[points["environment"] == name]
        colour = COLOURS[min(number, len(COLOURS) - 1)]
        if len(rows):
            ax.scatter(rows["x"], rows["y"], s=4, color=colour, linewidths=0, alpha=0.8, label=name, rasterized=True)
    return _bare(ax)


def compound_map(points: pd.DataFrame, ax: Axes) -> Axes:
    """Draw compounds where a map puts them, coloured by their target.

    Parameters
    ----------
    points
        ``x``, ``y``, ``target``.
    ax
        Where to draw.
    """
    # In an order that is no order of the targets, so that neither end hides the other.
    shuffled = points.sample(frac=1, random_state=0)
    ax.scatter(
        shuffled["x"],
        shuffled["y"],
        c=shuffled["target"],
        cmap=TARGETS,
        norm=_target_colours(points["target"]),
        s=3,
        linewidths=0,
        rasterized=True,
    )
    return _bare(ax)


def target_bar(targets: pd.Series, axes: Sequence[Axes], unit: str, quantity: str) -> None:
    """Draw the colour bar of `compound_map` beside several of them, which have the same targets."""
    colours = ScalarMappable(_target_colours(targets), TARGETS)
    bar = axes[0].figure.colorbar(colours, ax=list(axes), extend="both", pad=0.02, aspect=40)
    bar.set_label(label(quantity, unit))
    bar.outline.set_visible(False)


def correlation_map(correlations: pd.DataFrame, ax: Axes, upper: pd.DataFrame | None = None) -> Axes:
    """Draw how the elements' features correlate.

    Parameters
    ----------
    correlations
        (E, E), rows and columns named by symbols, in the order in which they are to stand.
    ax
        Where to draw; a colour bar goes beside it.
    upper
        Correlations of another layer, of the same elements, to stand above the diagonal.
    """
    values = correlations.to_numpy()
    if upper is not None:
        values = np.where(np.triu(np.ones_like(values, dtype=bool), k=1), upper.to_numpy(), values)
    image = ax.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    symbols, places = list(correlations.columns), np.arange(len(correlations))
    # Every other symbol farther out, so that they can be read.
    ax.set_xticks(places, [f"\n{name}" if place % 2 else name for place, name in enumerate(symbols)], fontsize=4)
    ax.set_yticks(places, [f"{name}    " if place % 2 else name for place, name in enumerate(symbols)], fontsize=4)
    ax.tick_params(length=0, pad=1)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, aspect=40)
    bar.set_label("correlation of element features")
    bar.outline.set_visible(False)
    return ax


def order_by_layer(order: pd.DataFrame, ax: Axes, names: Mapping[str, str]) -> Axes:
    """Draw measures of order, layer after layer.

    Parameters
    ----------
    order
        A row a layer, in the order of the network; a column a measure, between 0 and about 1, which may be missing.
    ax
        Where to draw.
    names
        What to call the measures that are drawn.
    """
    for number, (column, name) in enumerate(names.items()):
        ax.plot(range(len(order)), order[column].astype(float), marker="osD"[number % 3], markersize=3, label=name)
    ax.set_xticks(range(len(order)), list(order.index), rotation=35, ha="right")
    ax.set_ylim(bottom=0)
    ax.set_ylabel("share, or relative error")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1))
    return ax


def _bare(ax: Axes) -> Axes:
    """Take away what means nothing on a map: its axes have no unit and no direction."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _target_colours(targets: pd.Series) -> Normalize:
    low, high = targets.quantile(list(TAILS))
    return Normalize(float(low), float(high))


def _readable_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour."""
    red, green, blue = (float(part) for part in np.array(sns.color_palette([colour])[0]))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "black"
