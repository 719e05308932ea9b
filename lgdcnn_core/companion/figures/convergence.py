"""Draw convergence: the validation error of several trainings against epoch or seconds."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter

from lgdcnn_core.companion.figures.page import legend_below, page, unbroken, wrapped
from lgdcnn_core.companion.figures.style import DOUBLE
from lgdcnn_core.companion.runs.curves import KIND, over_seeds
from lgdcnn_core.companion.wording import label

MEASURED = "published code, run by us on another machine"
"""Name of the points of `measured` in the legend."""

BEST = "lowest error of {} (the reference)"
"""Name of the line at `best` in the legend, with the reference training in the braces."""

RAW = "error of each epoch, one seed"
"""Name of the faint curves in the legend."""

HIGHEST = 2
"""Errors above this many times the lowest are not shown: those of the first epochs, in which every network improves."""

WIDE_RANGE = 30
"""Above this ratio of the largest to the smallest value, an axis has marks at powers of ten alone."""

_DIAMONDS: Any = {
    "marker": "D",
    "markersize": 3,
    "markeredgewidth": 0.8,
    "markerfacecolor": "white",
    "color": "black",
    "linestyle": "none",
    "zorder": 4,
}
_FAINT: Any = {"linewidth": 0.4, "alpha": 0.35, "zorder": 1}
_DASHES = ("-", "--", ":", "-.")
_LIGHTER = 0.5
"""Share of white in the colour of each recipe after the first."""


PANEL = 1.72
"""Width of a data set's panels in inches, where a page is too narrow for all."""


def convergence_figure(
    curves: pd.DataFrame,
    titles: Mapping[str, str],
    models: Sequence[str] = ("L-G-DCNN", "CrabNet"),
    recipes: Sequence[str] = ("paper", "fast"),
    errors: Mapping[str, str] | None = None,
    best: Mapping[str, float] | None = None,
    measured: pd.DataFrame | None = None,
    title: str = "",
) -> Figure:
    """Draw the validation errors on several data sets, one column for each: against epochs above, seconds below.

    Parameters
    ----------
    curves, measured
        As in `convergence_curves`, with a column ``dataset``.
    titles
        Name of each data set, with its unit; only these are drawn.
    models, recipes
        As in `convergence_curves`; the first of each is the reference.
    errors
        Names of the errors by data set, where they are not MAEs.
    best
        Lowest error of the reference training by data set.
    title
        The finding; written above.
    """
    width = max(DOUBLE, PANEL * len(titles))
    figure, axes = page(2, len(titles), 2.2, title, figsize=(width, 4.9))
    for place, (name, text) in enumerate(titles.items()):
        of_code = None if measured is None else measured[measured["dataset"] == name]
        error = (errors or {}).get(name, "MAE")
        for ax, x in zip(axes[:, place], ("epoch", "seconds"), strict=True):
            convergence_curves(
                curves[curves["dataset"] == name],
                ax,
                "",
                x,
                models,
                recipes,
                error,
                None if best is None else best.get(name),
                of_code,
            )
            if place and error == (errors or {}).get(next(iter(titles)), "MAE"):
                ax.set_ylabel("")
        axes[0, place].set_title(wrapped(unbroken(text), 0.8 * width / len(titles), "medium"), fontsize="medium")
    legend_below(figure, axes.flat, 3)
    return figure


def convergence_curves(
    curves: pd.DataFrame,
    ax: Axes,
    unit: str,
    x: str = "epoch",
    models: Sequence[str] = ("L-G-DCNN", "CrabNet"),
    recipes: Sequence[str] = ("paper", "fast"),
    error: str = "MAE",
    best: float | None = None,
    measured: pd.DataFrame | None = None,
) -> Axes:
    """Draw validation errors on one data set: lines are the lowest error so far, faint curves that of each epoch.

    A line is the mean over seeds, a band spans their extremes, and both end with the shortest seed. Against seconds,
    they are at the mean of the seeds' seconds. A network has a colour and a dash of its own, a recipe a shade; runs of
    the local store have dots. Both axes are logarithmic, and show errors up to `HIGHEST` times the lowest.

    Parameters
    ----------
    curves
        From `runs.load_curves`, of one data set; may be empty.
    ax
        Where to draw.
    unit
        Unit of the property.
    x
        ``"epoch"`` or ``"seconds"``; curves without seconds are left out of the latter.
    models, recipes
        Networks and recipes to draw, in the order of colours and shades. The first of each is the reference training.
    error
        Name of the errors.
    best
        An error to mark by a line: the lowest of the reference training.
    measured
        Columns ``epoch``, ``seconds``, ``val_mae``: points of the published code.
    """
    known = curves[curves["model"].isin(models) & curves["recipe"].isin(recipes)].dropna(subset=["val_error"])
    placed = known.dropna(subset=[x])
    for model, recipe in product(models, recipes):
        rows = placed[(placed["model"] == model) & (placed["recipe"] == recipe)]
        for _, kind in rows.groupby(KIND, dropna=False, sort=False):
            local = kind["store"].iloc[0] == "local"
            name = f"{model}, {recipe} recipe" + (", this machine" if local else "")
            _draw_kind(kind, ax, x, _look(models.index(model), recipes.index(recipe), local), name)
    points = placed[[x, "val_error"]].astype(float).set_axis(["x", "error"], axis=1)
    if len(points):
        ax.plot([], [], color="0.4", linewidth=_FAINT["linewidth"], label=RAW)
    if measured is not None and len(measured):
        ax.plot(measured[x], measured["val_mae"], **_DIAMONDS, label=MEASURED)
        points = pd.concat([points, measured[[x, "val_mae"]].set_axis(["x", "error"], axis=1)])
    ax.set(xlabel="epoch" if x == "epoch" else "seconds", ylabel=label(f"validation {error}", unit))
    if placed.empty:
        missing = "no record" if known.empty else "seconds of other\nmachines only"
        ax.text(0.5, 0.5, missing, transform=ax.transAxes, ha="center", va="center", color="0.3")
    if points.empty:
        ax.set(xticks=[], yticks=[])
        return ax
    if best is not None:
        of_reference = BEST.format(f"{models[0]}, {recipes[0]} recipe")
        ax.axhline(best, color="0.5", linewidth=0.8, linestyle=(0, (1, 1)), zorder=0, label=of_reference)
    _frame(points, ax)
    return ax


def _frame(points: pd.DataFrame, ax: Axes) -> None:
    """Scale the axes, logarithmic, to where errors are near the lowest."""
    lowest, highest = points["error"].min(), points["error"].max()
    near = points[points["error"] <= HIGHEST * lowest]
    ax.set(xscale="log", yscale="log", xlim=(0.9 * near["x"].min(), 1.1 * near["x"].max()))
    ax.set_ylim(0.97 * lowest, min(HIGHEST * lowest, 1.03 * highest))
    wide = near["x"].max() > WIDE_RANGE * near["x"].min()
    ax.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 3)))
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:.6g}"))
        axis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_minor_locator(NullLocator())


def _draw_kind(rows: pd.DataFrame, ax: Axes, x: str, look: dict[str, Any], name: str) -> None:
    """Draw one kind of training."""
    for _, seed in rows.groupby("seed"):
        ax.plot(seed[x], seed["val_error"], color=look["color"], **_FAINT)
    rows = rows.sort_values("epoch", kind="stable")
    mean = over_seeds(rows.assign(val_error=rows.groupby("seed")["val_error"].cummin()))
    if mean["n"].max() > 1:
        ax.fill_between(mean[x], mean["low"], mean["high"], color=look["color"], alpha=0.2, linewidth=0)
    ax.plot(mean[x], mean["mean"], **look, linewidth=1.2, label=name)


def _look(model: int, recipe: int, local: bool) -> dict[str, Any]:
    """Colour, dash and marks of a kind of training by the places of its network and recipe."""
    colour = np.array(to_rgb(f"C{model}"))
    look: dict[str, Any] = {
        "color": tuple(colour if recipe == 0 else colour + _LIGHTER * (1 - colour)),
        "linestyle": _DASHES[model % len(_DASHES)],
        "zorder": 3,
    }
    return look | ({"marker": ".", "markevery": 0.15} if local else {})
