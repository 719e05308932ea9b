"""Draw the paper's blue-red table: errors of published models and, apart from them, ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from lgdcnn_core.companion.figures.page import state, text_width, unbroken, wrapped
from lgdcnn_core.companion.figures.style import DOUBLE
from lgdcnn_core.companion.wording import short_power, three_decimals

PUBLISHED = "Published"
"""Heading of the columns of published numbers."""

MAIN = {"L-G-DCNN": "L-G-DCNN (paper)", "CrabNet": "CrabNet"}
BEST = "best published"
"""The published columns of `main_table_figure`."""

NAMES = {"L-G-DCNN-onehot": "L-G-DCNN one-hot", "L-G-DCNN-v1": "L-G-DCNN v1", "RF": "random forest"}
"""Headings of published models that differ from the models' names."""

NO_RECORD = "\N{EN DASH}"
"""Text of a cell without a number."""

LABEL, HEADING = 1.5, 0.6
"""Widths in inches at which the name of a data set and the heading of a column are broken into lines."""

GAP = 0.16
"""Gap between groups of columns, in inches."""

LINE, PADDING = 0.115, 0.08
"""Height of a line of text, and room around the text of a cell, in inches."""

BELOW, MIDDLE, ABOVE = -0.05, 0.1, 0.6
"""Relative distances from the best published MAE of the row at which colours start, are neutral, and end."""


def best_published(published: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the lowest published MAE of each data set and its model (missing where nothing is published)."""
    known = published.dropna(how="all")
    return published.min(axis=1), known.idxmin(axis=1).reindex(published.index)


def table_figure(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    shown: Callable[[float], str] = three_decimals,
    title: str = "",
    **more: Any,
) -> Figure:
    """Draw a table of MAEs on a page of its own.

    Parameters
    ----------
    published, ours, labels, shown, more
        As in `benchmark_heatmap`.
    title
        The finding; written above.

    Returns
    -------
    Figure
        7 in wide, or wider if the columns need it.
    """
    rows, columns = _layout(published, ours, labels or {}, shown, **_without_best(more))
    widest_label = max((text_width(row.label, mpl.rcParams["ytick.labelsize"]) for row in rows), default=0.0)
    width = max(DOUBLE, widest_label + PADDING + columns[-1].right)
    lines = max(column.heading.count("\n") + 1 for column in columns)
    height = rows[-1].bottom + LINE * (lines + 3) + 0.75
    figure, ax = plt.subplots(figsize=(width, height + 0.2 * bool(title)))
    benchmark_heatmap(published, ours, ax, labels, shown, **more)
    state(title, figure)
    return figure


def main_table_figure(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    shown: Callable[[float], str] = three_decimals,
    title: str = "",
    columns: Mapping[str, str] = MAIN,
) -> Figure:
    """Draw the paper's numbers for L-G-DCNN and CrabNet, the best published ones, and ours beside them.

    Parameters
    ----------
    published, ours, labels, shown, title
        As in `table_figure`; the best published number of a row is the lowest of all columns of `published`.
    columns
        Published models that have a column of their own, and their headings.
    """
    best, model = best_published(published)
    few = published[list(columns)].assign(**{BEST: best})
    beneath = pd.DataFrame(model.rename(BEST)).reindex(columns=few.columns)
    return table_figure(few, ours, labels, shown, title, names=columns, beneath=beneath, best=best)


def benchmark_heatmap(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    ax: Axes,
    labels: Mapping[str, str] | None = None,
    shown: Callable[[float], str] = three_decimals,
    names: Mapping[str, str] | None = None,
    beneath: pd.DataFrame | None = None,
    best: pd.Series | None = None,
) -> Axes:
    """Draw a table of MAEs, each cell coloured by its distance to the best published MAE of its row.

    Published numbers and ours never share a column: ours are to the right of a gap, under headings of their own.

    Parameters
    ----------
    published
        MAE, one row per data set (index), one column per model; missing where nothing was published.
    ours
        Columns ``dataset``, ``group`` (heading), ``column``, ``mean``, ``std``, ``note``, from `few_columns`,
        `by_configuration` or `over_folds`; may be empty. A data set without a record in a column has a dash there.
    ax
        Where to draw. A colour bar goes below it.
    labels
        Names of the data sets for readers, with units; the names themselves by default.
    shown
        Function that writes an MAE.
    names
        Headings of the published models; by default those of `NAMES`, else the models' own names. Headings are broken
        into lines.
    beneath
        Text below each published number, shaped as `published`; missing where there is none.
    best
        Best published MAE of each row; the lowest in `published` by default.
    """
    best = published.min(axis=1) if best is None else best
    rows, columns = _layout(published, ours, labels or {}, shown, names, beneath)
    norm = TwoSlopeNorm(MIDDLE, BELOW, ABOVE)
    cmap = sns.color_palette("vlag", as_cmap=True)
    for row in rows:
        for column in columns:
            value, text = column.cells.get(row.dataset, (float("nan"), NO_RECORD))
            bold = value <= best[row.dataset] if column.group == PUBLISHED else value < best[row.dataset]
            colour = _colour(value / best[row.dataset] - 1, cmap, norm)
            place = (column.left, row.top), column.width, row.bottom - row.top
            ax.add_patch(Rectangle(*place, facecolor=colour, edgecolor="white", linewidth=0.8))
            middle = ((column.left + column.right) / 2, (row.top + row.bottom) / 2)
            ax.text(*middle, text, **_written(colour), fontweight="bold" if bold else "normal")
    _frame(ax, rows, columns)
    bar = ax.figure.colorbar(
        ScalarMappable(norm, cmap), ax=ax, location="bottom", aspect=60, pad=0.015, shrink=0.6, extend="both"
    )
    bar.set_ticks([BELOW, 0, MIDDLE, 0.2, 0.4, ABOVE])
    bar.ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    bar.set_label("difference from the best published MAE of the row")
    bar.outline.set_visible(False)
    return ax


@dataclass
class _Column:
    """A column: its headings, its cells (number and text by data set), and its place, in inches."""

    group: str
    heading: str
    cells: dict[str, tuple[float, str]]
    left: float = 0.0
    width: float = 0.0

    @property
    def right(self) -> float:
        return self.left + self.width


@dataclass
class _Row:
    """A row: its data set, its readable name, and its place, in inches."""

    dataset: str
    label: str
    top: float
    bottom: float


def _layout(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    labels: Mapping[str, str],
    shown: Callable[[float], str],
    names: Mapping[str, str] | None = None,
    beneath: pd.DataFrame | None = None,
) -> tuple[list[_Row], list[_Column]]:
    """Give rows and columns as much room as their texts need."""
    size = mpl.rcParams["font.size"]
    columns: list[_Column] = []
    for model in map(str, published.columns):
        notes = {} if beneath is None else beneath[model].dropna().to_dict()
        found = {
            str(dataset): (float(value), _published_text(value, shown, notes.get(dataset)))
            for dataset, value in published[model].items()
        }
        columns.append(_Column(PUBLISHED, wrapped((NAMES | dict(names or {})).get(model, model), HEADING, size), found))
    for (group, name), cells in ours.groupby(["group", "column"], sort=False):
        found = {str(row["dataset"]): (float(row["mean"]), _our_text(row, shown)) for _, row in cells.iterrows()}
        columns.append(_Column(str(group), wrapped(str(name).replace(", ", "\n"), HEADING, size), found))
    left = 0.0
    for column, before in zip(columns, [columns[0], *columns], strict=False):
        column.left = left + GAP * (column.group != before.group)
        widths = [text_width(text, size, "bold") for _, text in column.cells.values()]
        column.width = max(text_width(column.heading, size), *widths) + PADDING
        left = column.right
    rows: list[_Row] = []
    for dataset in map(str, published.index):
        label = wrapped(unbroken(labels.get(dataset, dataset)), LABEL, mpl.rcParams["ytick.labelsize"])
        texts = [label, *(column.cells[dataset][1] for column in columns if dataset in column.cells)]
        top = rows[-1].bottom if rows else 0.0
        height = LINE * max(text.count("\n") + 1 for text in texts) + 0.05
        rows.append(_Row(dataset, label, top, top + height))
    return rows, columns


def _without_best(more: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in more.items() if name != "best"}


def _published_text(value: float, shown: Callable[[float], str], beneath: str | None) -> str:
    text = NO_RECORD if pd.isna(value) else shown(value)
    return text if beneath is None else f"{text}\n{beneath}"


def _our_text(cell: "pd.Series[Any]", shown: Callable[[float], str]) -> str:
    if pd.isna(cell["mean"]):
        return str(cell["note"])
    spread = [] if pd.isna(cell["std"]) else ["± " + short_power(f"{cell['std']:.2g}")]
    return f"{shown(cell['mean'])}\n{', '.join([*spread, cell['note']])}"


def _colour(distance: float, cmap: Colormap, norm: Normalize) -> Any:
    """Colour of a cell; almost white without a number."""
    return "0.95" if pd.isna(distance) else cmap(float(norm(distance)))


def _written(background: Any) -> dict[str, Any]:
    """How a cell's text is written: in white on dark colours."""
    red, green, blue = to_rgb(background)
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
    return {"ha": "center", "va": "center", "linespacing": 1.1, "color": "white" if dark else "black"}


def _frame(ax: Axes, rows: list[_Row], columns: list[_Column]) -> None:
    """Names of the rows, and headings of columns and groups above the table; no axes lines."""
    ax.set(xlim=(0, columns[-1].right), ylim=(rows[-1].bottom, 0), xticks=[])
    ax.set_yticks([(row.top + row.bottom) / 2 for row in rows], [row.label for row in rows])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    size = mpl.rcParams["font.size"]
    for column in columns:
        _above(ax, (column.left + column.right) / 2, column.heading, 2, "normal")
    rule = 5 + 1.2 * size * (max(column.heading.count("\n") for column in columns) + 1)
    for group in dict.fromkeys(column.group for column in columns):
        members = [column for column in columns if column.group == group]
        left, right = members[0].left, members[-1].right
        _above(ax, (left + right) / 2, wrapped(group, max(right - left, HEADING), size, "bold"), rule + 2, "bold")
        ax.plot(
            [left + 0.02, right - 0.02],
            [0, 0],
            transform=ax.transData + mpl.transforms.ScaledTranslation(0, rule / 72, ax.figure.dpi_scale_trans),
            color="0.3",
            linewidth=0.8,
            clip_on=False,
        )


def _above(ax: Axes, x: float, text: str, points: float, weight: str) -> None:
    """Write above the table, `points` from its upper edge."""
    ax.annotate(
        text,
        (x, 0),
        (0, points),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontweight=weight,
        linespacing=1.1,
        annotation_clip=False,
    )
