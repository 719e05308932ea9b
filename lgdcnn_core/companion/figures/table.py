"""The paper's blue-red table: errors of published models, and apart from them, ours."""

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from lgdcnn_core.companion.figures.style import DOUBLE
from lgdcnn_core.companion.wording import short_power, three_decimals

WIDTH_PUBLISHED, WIDTH_OURS, WIDTH_WITH_SPREAD = 1.0, 1.4, 1.8
"""Widths of a column; ours carries a number of runs as well, and where there are several of them a spread."""

INCHES, MARGIN = 0.38, 1.95
"""Widths, in, of a published column and of the labels on the left: with five columns of ours Table 1 fills a page."""

HEADING_CHARACTERS = 12
"""In a line of the heading of one of our columns."""

GAP = 0.45
"""Between groups of columns, in widths of a published column."""

BELOW, MIDDLE, ABOVE = -0.05, 0.1, 0.6
"""Distances from the best published MAE of the row, relative to it, where the colours start, are neutral, and end."""

NO_RECORD = "no record"
THIS_PROJECT = "This project"


def benchmark_heatmap(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    ax: Axes,
    labels: Mapping[str, str] | None = None,
    shown: Callable[[float], str] = three_decimals,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw a table of MAEs, each cell coloured by its distance to the best published MAE of its row.

    Published numbers and ours never share a column: ours stand to the right of a gap, under a heading of their own.

    Parameters
    ----------
    published
        MAE, one row a data set (index), one column a model; missing where nothing was published.
    ours
        Columns ``dataset``, ``group`` (heading), ``column``, ``mean``, ``std``, ``note``, from `by_configuration` or
        `over_folds`; may be empty. A data set that is not in a column has no record there, and the cell says so.
    ax
        Where to draw; `heatmap_size` says how large its figure should be. A colour bar goes below it.
    labels
        What to call the data sets, with units; the names themselves by default.
    shown
        How to print an MAE.
    names
        What to call the published models, with line breaks; their own names by default. Names of our columns are
        broken at commas, and where a line would still be long.
    """
    labels, names = labels or {}, names or {}
    columns = _columns(published, ours)
    best = published.min(axis=1)
    norm = TwoSlopeNorm(MIDDLE, BELOW, ABOVE)
    cmap = sns.color_palette("vlag", as_cmap=True)
    ours_by_place = {(r["dataset"], r["group"], r["column"]): r for _, r in ours.iterrows()}
    for row, dataset in enumerate(published.index):
        for left, width, group, column in columns:
            if group == "Published":
                value = published.loc[dataset, column]
                text = "-" if pd.isna(value) else shown(value)
                bold = bool(value == best[dataset])
            else:
                cell = ours_by_place.get((dataset, group, column))
                value = float("nan") if cell is None else cell["mean"]
                text, bold = NO_RECORD if cell is None else _our_text(cell, shown), bool(value < best[dataset])
            missing = group != "Published" and (dataset, group, column) not in ours_by_place
            look = _look(value / best[dataset] - 1, cmap, norm, missing)
            ax.add_patch(Rectangle((left, row), width, 1, edgecolor="white", linewidth=0.8, **look))
            _write(ax, left + width / 2, row + 0.5, text, look["facecolor"], bold, missing)
    _frame(ax, columns, len(published), names)
    ax.set_yticks([row + 0.5 for row in range(len(published))], [labels.get(each, each) for each in published.index])
    bar = ax.figure.colorbar(
        ScalarMappable(norm, cmap), ax=ax, location="bottom", aspect=60, pad=0.015, shrink=0.6, extend="both"
    )
    bar.set_ticks([BELOW, 0, MIDDLE, 0.2, 0.4, ABOVE])
    bar.ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    bar.set_label("MAE above the best published of the row")
    bar.outline.set_visible(False)
    return ax


def heatmap_size(published: pd.DataFrame, ours: pd.DataFrame) -> tuple[float, float]:
    """Width and height, in, of a figure in which the table is readable: a page wide, wider with many columns."""
    _, width, _, _ = (columns := _columns(published, ours))[-1]
    right = columns[-1][0] + width
    return max(DOUBLE, MARGIN + INCHES * right), 1.6 + 0.27 * len(published)


def _columns(published: pd.DataFrame, ours: pd.DataFrame) -> list[tuple[float, float, str, str]]:
    """All columns from left to right: left edge, width, heading of the group, name."""
    found = [("Published", str(model)) for model in published.columns]
    with_spread = set(ours.dropna(subset=["std"])[["group", "column"]].itertuples(index=False, name=None))
    of_ours = ours[["group", "column"]].drop_duplicates()
    found += [(group, column) for group, column in of_ours.itertuples(index=False)] or [(THIS_PROJECT, "any run")]
    placed: list[tuple[float, float, str, str]] = []
    left = 0.0
    for group, column in found:
        if placed and placed[-1][2] != group:
            left += GAP
        width = WIDTH_WITH_SPREAD if (group, column) in with_spread else WIDTH_OURS
        width = WIDTH_PUBLISHED if group == "Published" else width
        placed.append((left, width, group, column))
        left += width
    return placed


def _our_text(cell: "pd.Series[Any]", shown: Callable[[float], str]) -> str:
    if pd.isna(cell["mean"]):
        return str(cell["note"])
    mean, note = shown(cell["mean"]), cell["note"]
    if pd.isna(cell["std"]):
        return f"{mean}\n{note}"
    spread = "± " + short_power(f"{cell['std']:.2g}")
    # Two powers of ten are wider than a cell.
    return f"{mean}\n{spread}, {note}" if "e" in mean else f"{mean} {spread}\n{note}"


def _look(distance: float, cmap: Colormap, norm: Normalize, missing: bool) -> dict[str, Any]:
    """Colours of a cell: hatched without a record, grey without a number."""
    if missing:
        return {"facecolor": "0.96", "hatch": "////", "hatchcolor": "0.8"}
    if pd.isna(distance):
        return {"facecolor": "0.9"}
    return {"facecolor": cmap(float(norm(distance)))}


def _write(ax: Axes, x: float, y: float, text: str, background: Any, bold: bool, missing: bool) -> None:
    red, green, blue = mpl.colors.to_rgb(background)
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
    ax.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=5.5,
        linespacing=1.15,
        color="white" if dark else "black" if not missing else "0.3",
        fontweight="bold" if bold else "normal",
        # Hatching behind letters makes them unreadable.
        bbox={"facecolor": "0.96", "edgecolor": "none", "pad": 0.6} if missing else None,
    )


def _frame(ax: Axes, columns: list[tuple[float, float, str, str]], n_rows: int, names: Mapping[str, str]) -> None:
    """Headings of columns and groups above the table; no axes lines."""
    last_left, last_width, _, _ = columns[-1]
    ax.set(xlim=(0, last_left + last_width), ylim=(n_rows, 0))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xticks([])
    headings = [names.get(column, column) if group == "Published" else _broken(column) for *_, group, column in columns]
    for (left, width, _, _), heading in zip(columns, headings, strict=True):
        _above(ax, left + width / 2, heading, 2, 5.5, "normal")
    deepest = max(heading.count("\n") for heading in headings) + 1
    for group in dict.fromkeys(group for _, _, group, _ in columns):
        edges = [edge for left, width, of, _ in columns if of == group for edge in (left, left + width)]
        height = 2 + 6.8 * deepest + 4
        _above(ax, (min(edges) + max(edges)) / 2, group.replace(", ", ",\n"), height + 2, 7.5, "bold")
        ax.plot(
            [min(edges) + 0.03, max(edges) - 0.03],
            [0, 0],
            transform=ax.transData + mpl.transforms.ScaledTranslation(0, height / 72, ax.figure.dpi_scale_trans),
            color="0.3",
            linewidth=0.8,
            clip_on=False,
        )


def _broken(name: str) -> str:
    """Break the name of one of our columns into lines."""
    return "\n".join(textwrap.fill(part, HEADING_CHARACTERS, break_long_words=False) for part in name.split(", "))


def _above(ax: Axes, x: float, text: str, points: float, size: float, weight: str) -> None:
    """Write above the table, `points` from its upper edge."""
    ax.annotate(
        text,
        (x, 0),
        (0, points),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=size,
        fontweight=weight,
        linespacing=1.1,
        annotation_clip=False,
    )
