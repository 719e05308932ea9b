"""Draw errors fold by fold, which a mean over folds hides."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from lgdcnn_core.companion.figures.page import legend_below, legend_in, only_outer_labels, page, unbroken, wrapped
from lgdcnn_core.companion.figures.style import DOUBLE
from lgdcnn_core.companion.wording import label

OURS = "black"
MARKERS = "DX^v<>*P"
STEP = 0.12
"""Shift of each kind of run to the right, in folds, so that they do not cover each other."""

COLUMNS = 4
"""Number of panels in a row."""


def folds_figure(published: pd.DataFrame, ours: pd.DataFrame, titles: Mapping[str, str], title: str = "") -> Figure:
    """Draw the MAE of each official fold, in a panel for each task.

    Parameters
    ----------
    published, ours
        As in `fold_errors`, with a column ``dataset``.
    titles
        Name of each task, with its unit; only these are drawn.
    title
        The finding; written above.
    """
    kinds = list(ours[["group", "column"]].drop_duplicates().itertuples(index=False, name=None))
    models, n_rows = published["model"].unique().tolist(), -(-len(titles) // COLUMNS)
    figure, axes = page(n_rows, COLUMNS, 1.75, title)
    width = 0.85 * DOUBLE / COLUMNS
    for ax, (name, text) in zip(axes.flat, titles.items(), strict=False):
        theirs, own = (table[table["dataset"] == name] for table in (published, ours))
        fold_errors(theirs, own, ax, "", kinds, models, legend=False)
        ax.set_title(wrapped(unbroken(text), width, mpl.rcParams["axes.titlesize"]))
    only_outer_labels(axes)
    empty = list(axes.flat)[len(titles) :]
    for ax in empty:
        ax.set_axis_off()
    if empty:
        legend_in(empty[0], axes.flat)
    else:
        legend_below(figure, axes.flat, 3)
    return figure


def fold_errors(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    ax: Axes,
    unit: str,
    kinds: Sequence[tuple[str, str]] | None = None,
    models: Sequence[str] | None = None,
    legend: bool = True,
) -> Axes:
    """Draw the MAE of each official fold: published models as lines, runs of ours as black marks.

    Parameters
    ----------
    published
        Columns ``model``, ``fold``, ``mae``, of one task.
    ours
        From `by_configuration`: columns ``group``, ``column``, ``fold``, ``mean`` and ``std`` (over seeds, may be
        missing); may be empty.
    ax
        Where to draw.
    unit
        Unit of the property.
    kinds
        All kinds of runs, (group, column), that panels of one figure share, so that a mark means the same in each of
        them; the kinds of `ours` by default.
    models
        All published models, which the panels share in the same way; those of `published` by default.
    legend
        Whether to draw a legend; its handles are there for a legend of the figure in any case.
    """
    theirs = published.assign(model="published: " + published["model"])
    order = [f"published: {each}" for each in (published["model"].unique() if models is None else models)]
    looks = {"hue": "model", "style": "model", "hue_order": order, "style_order": order}
    sns.lineplot(theirs, x="fold", y="mae", markers=True, markersize=4, ax=ax, **looks)
    of_kind = {
        (str(group), str(column)): rows for (group, column), rows in ours.groupby(["group", "column"], sort=False)
    }
    for number, kind in enumerate(of_kind if kinds is None else kinds):
        if kind not in of_kind:
            continue
        rows = of_kind[kind]
        ax.errorbar(
            rows["fold"].astype(float) + STEP * (number + 1),
            rows["mean"],
            yerr=rows["std"].fillna(0),
            fmt=MARKERS[number % len(MARKERS)],
            markersize=3.5,
            color=OURS,
            markerfacecolor="white",
            markeredgewidth=0.8,
            elinewidth=0.8,
            label=": ".join(kind),
            zorder=4,
        )
    ax.set(xlabel="official fold", ylabel=label("MAE", unit))
    ax.margins(y=0.12)
    ax.xaxis.set_major_locator(FixedLocator(sorted(published["fold"].unique())))
    if legend:
        ax.legend()
    elif (drawn := ax.get_legend()) is not None:
        drawn.remove()
    return ax
