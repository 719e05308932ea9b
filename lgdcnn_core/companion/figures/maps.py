"""Draw maps of a layer's elements, compounds and environments, and correlations between elements."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Normalize
from matplotlib.figure import Figure

from lgdcnn_core.companion.figures.cecv import layer_name
from lgdcnn_core.companion.figures.naming import name_points
from lgdcnn_core.companion.figures.page import legend_below, legend_in, page, wrapped
from lgdcnn_core.companion.figures.style import DOUBLE
from lgdcnn_core.companion.wording import label

BLOCKS = {"s": "o", "p": "s", "d": "^", "f": "D"}
"""Marker of each block of the periodic table."""

GROUPS = "viridis"
"""Colours of the groups 1 to 18, whose order colour-blind readers see as well."""

NO_GROUP = "0.65"

ENVIRONMENTS = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#E69F00", "D"),
    ("#56B4E9", "v"),
    ("0.75", "P"),
    ("black", "X"),
)
"""Colour and marker of environments, in their order; all further ones share the last."""

TARGETS = "viridis"

TAILS = (0.02, 0.98)
"""Quantiles of the targets at which colours end, so that a few extreme targets do not use up the scale."""

SPREAD = (0.01, 0.99)
ROOM = 0.08
"""Quantiles of a map's coordinates, and the share of the distance between them that is shown around them."""


def element_figure(points: pd.DataFrame, layers: Mapping[str, str], title: str = "") -> Figure:
    """Draw maps of the elements after two or three layers.

    Parameters
    ----------
    points
        Columns ``layer``, and those of `element_map`.
    layers
        The layers, each with a remark to write above its map.
    title
        The finding; written above.
    """
    figure, axes, free = _maps(layers, 3.4, title, columns=2)
    for layer, ax in axes.items():
        element_map(points[points["layer"] == layer], ax)
    colours, drawn_on = ScalarMappable(_groups(), GROUPS), list(axes.values())
    if free is None:
        legend_below(figure, drawn_on, len(BLOCKS))
        bar = figure.colorbar(colours, ax=drawn_on, location="bottom", pad=0.02, aspect=60, shrink=0.7)
    else:
        legend_in(free, drawn_on)
        bar = figure.colorbar(colours, ax=free, location="bottom", aspect=30)
    bar.set_ticks(list(range(1, 19)))
    bar.ax.tick_params(length=0)
    bar.set_label("group of the periodic table (grey: lanthanides and actinides)")
    bar.outline.set_visible(False)
    for layer, ax in axes.items():
        drawn = points[points["layer"] == layer]
        name_points(drawn["x"], drawn["y"], drawn["symbol"], ax)
    return figure


def element_map(points: pd.DataFrame, ax: Axes) -> Axes:
    """Draw elements where a map puts them: the marker shows their block, the colour their group.

    Parameters
    ----------
    points
        Columns ``x``, ``y``, ``block`` (s, p, d, f) and ``group`` ("1" to "18", or "f").
    ax
        Where to draw.
    """
    colours = mpl.colormaps[GROUPS](_groups()(np.arange(1, 19)))
    by_group = {str(number + 1): tuple(colours[number]) for number in range(18)} | {"f": NO_GROUP}
    for block, marker in BLOCKS.items():
        rows = points[points["block"] == block]
        shown = [by_group[group] for group in rows["group"]]
        look: Any = {"s": 16, "linewidths": 0.3, "edgecolors": "black", "zorder": 3}
        ax.scatter(rows["x"], rows["y"], c=shown, marker=marker, **look)
        ax.plot([], [], marker, color="0.4", label=f"{block} block")
    ax.margins(0.1)  # room for names
    return _bare(ax)


def environment_figure(
    points: pd.DataFrame, layers: Mapping[str, str], order: Sequence[str], title: str = ""
) -> Figure:
    """Draw maps of one element's atoms after two or three layers.

    Parameters
    ----------
    points
        Columns ``layer``, and those of `environment_map`.
    layers, title
        As in `element_figure`.
    order
        As in `environment_map`.
    """
    figure, axes, _ = _maps(layers, 2.9, title)
    for layer, ax in axes.items():
        environment_map(points[points["layer"] == layer], ax, order)
    legend_below(figure, axes.values(), 4)
    return figure


def environment_map(points: pd.DataFrame, ax: Axes, order: Sequence[str]) -> Axes:
    """Draw the atoms of one element where a map puts them, with a colour and a marker for each environment.

    Parameters
    ----------
    points
        Columns ``x``, ``y``, ``environment``.
    ax
        Where to draw.
    order
        All environments; a colour and a marker belong to a place in this order.
    """
    for number, name in enumerate(order):
        rows = points[points["environment"] == name]
        colour, marker = ENVIRONMENTS[min(number, len(ENVIRONMENTS) - 1)]
        if len(rows):
            # Rare environments lie on top, else the frequent ones hide them.
            look: Any = {"s": 9, "marker": marker, "linewidths": 0, "alpha": 0.85, "zorder": 2 + 1 / len(rows)}
            look |= {"rasterized": True}
            ax.scatter(rows["x"], rows["y"], color=colour, label=name, **look)
    return _zoomed(_bare(ax), points)


def compound_figure(
    points: pd.DataFrame, layers: Mapping[str, str], unit: str, quantity: str, title: str = ""
) -> Figure:
    """Draw maps of the compounds after two or three layers, coloured by their target.

    Parameters
    ----------
    points
        Columns ``layer``, and those of `compound_map`.
    layers, title
        As in `element_figure`.
    unit, quantity
        Unit and name of the target.
    """
    figure, axes, _ = _maps(layers, 2.9, title)
    for layer, ax in axes.items():
        compound_map(points[points["layer"] == layer], ax)
    target_bar(points["target"], list(axes.values()), unit, quantity)
    return figure


def compound_map(points: pd.DataFrame, ax: Axes) -> Axes:
    """Draw compounds where a map puts them, coloured by their target.

    Parameters
    ----------
    points
        Columns ``x``, ``y``, ``target``.
    ax
        Where to draw.
    """
    # Shuffled, so that neither end of the targets hides the other.
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
    return _zoomed(_bare(ax), points)


def target_bar(targets: pd.Series, axes: Sequence[Axes], unit: str, quantity: str) -> None:
    """Draw one colour bar beside several `compound_map` panels, which have the same targets."""
    colours = ScalarMappable(_target_colours(targets), TARGETS)
    bar = axes[0].figure.colorbar(colours, ax=list(axes), extend="both", pad=0.02, aspect=30)
    bar.set_label(label(quantity, unit))
    bar.outline.set_visible(False)


def correlation_figure(below: pd.DataFrame, above: pd.DataFrame, title: str = "") -> Figure:
    """Draw how the elements' features correlate in two layers, on a page of its own; see `correlation_map`."""
    figure, axes = page(1, 1, 6.6, title)
    correlation_map(below, axes[0, 0], above)
    return figure


def correlation_map(correlations: pd.DataFrame, ax: Axes, upper: pd.DataFrame | None = None) -> Axes:
    """Draw how the elements' features correlate.

    Parameters
    ----------
    correlations
        (E, E), rows and columns named by symbols, in the order in which they are drawn.
    ax
        Where to draw; a colour bar goes beside it.
    upper
        Correlations of another layer, of the same elements; they go above the diagonal.
    """
    values = correlations.to_numpy()
    if upper is not None:
        values = np.where(np.triu(np.ones_like(values, dtype=bool), k=1), upper.to_numpy(), values)
    image = ax.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    symbols, places = list(correlations.columns), np.arange(len(correlations))
    # Symbols are staggered, so that all can be read.
    ax.set_xticks(places, ["\n" * (place % 3) + name for place, name in enumerate(symbols)])
    ax.set_yticks(places, [name + "      " * (place % 2) for place, name in enumerate(symbols)])
    ax.tick_params(length=0, pad=1)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, aspect=40)
    bar.set_label("correlation of element features")
    bar.outline.set_visible(False)
    return ax


def few_layers(layers: Sequence[str], n: int) -> list[str]:
    """Choose n layers for maps: the first, the last, and those at equal distances between."""
    places = np.unique(np.linspace(0, len(layers) - 1, n).round().astype(int))
    return [layers[place] for place in places]


def _maps(
    layers: Mapping[str, str], height: float, title: str, columns: int = 3
) -> tuple[Figure, dict[str, Axes], Axes | None]:
    """Make a page of maps, one for each layer, with its name and a remark above; return an empty panel too, if any."""
    columns = min(columns, len(layers))
    rows = -(-len(layers) // columns)
    figure, axes = page(rows, columns, height, title)
    width = 0.9 * DOUBLE / columns
    for ax, (layer, remark) in zip(axes.flat, layers.items(), strict=False):
        ax.set_title(wrapped(f"{layer_name(layer)}\n{remark}", width, mpl.rcParams["axes.titlesize"]))
    for ax in axes.flat[len(layers) :]:
        ax.set_axis_off()
    free = axes.flat[len(layers)] if len(layers) < axes.size else None
    return figure, dict(zip(layers, axes.flat, strict=False)), free


def _groups() -> BoundaryNorm:
    return BoundaryNorm(np.arange(0.5, 19), mpl.colormaps[GROUPS].N)


def _zoomed(ax: Axes, points: pd.DataFrame) -> Axes:
    """Show where most points are, and say how many are outside: UMAP throws a few far away."""
    outside = np.zeros(len(points), dtype=bool)
    for name, limit in (("x", ax.set_xlim), ("y", ax.set_ylim)):
        low, high = points[name].quantile(list(SPREAD))
        room = ROOM * (high - low)
        limit(low - room, high + room)
        outside |= ~points[name].between(low - room, high + room).to_numpy()
    if outside.any():
        ax.set_xlabel(f"{outside.sum()} of {len(points):,} outside")
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
