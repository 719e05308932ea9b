"""Make pages of several panels: their size, the finding above them, and the legend that they share."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.typing import NDArray

from lgdcnn_core.companion.figures.style import DOUBLE

MARGIN = 0.1
"""Width in inches that a title leaves free at both edges of a figure together."""

NO_BREAK = "\N{NO-BREAK SPACE}"

HINTED = 1.04
"""Factor by which hinting may widen letters on a screen, compared with their outlines."""


def page(n_rows: int, n_columns: int, row_height: float, title: str = "", **layout: Any) -> tuple[Figure, NDArray[Any]]:
    """Make a figure as wide as a page, with its panels and its title.

    Parameters
    ----------
    n_rows, n_columns
        Numbers of panels.
    row_height
        Height of a row of panels, in inches.
    title
        The finding; written above, broken into lines.
    layout
        Passed on to `matplotlib.pyplot.subplots`.

    Returns
    -------
    tuple of Figure and ndarray of Axes
        The panels as an array (n_rows, n_columns).
    """
    size = (DOUBLE, n_rows * row_height)
    figure, axes = plt.subplots(n_rows, n_columns, squeeze=False, **({"figsize": size} | layout))
    state(title, figure)
    return figure, axes


def state(title: str, figure: Figure) -> None:
    """Write the finding above a figure, from its left edge, in as many lines as it needs; "" writes nothing."""
    if title:
        size, weight = mpl.rcParams["figure.titlesize"], mpl.rcParams["figure.titleweight"]
        inches = float(figure.get_figwidth()) - MARGIN
        figure.suptitle(wrapped(title, inches, size, weight), x=MARGIN / 2 / figure.get_figwidth(), ha="left")


def legend_below(figure: Figure, axes: Iterable[Axes], n_columns: int) -> None:
    """Draw one legend below the panels, with each name once, and remove the panels' own."""
    handles = _gathered(axes)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=n_columns)


def legend_in(place: Axes, axes: Iterable[Axes]) -> None:
    """Draw one legend for all panels in an empty one, with each name once, and remove the panels' own."""
    handles = _gathered(axes)
    place.legend(list(handles.values()), list(handles), loc="center left").set_in_layout(False)


def _gathered(axes: Iterable[Axes]) -> dict[str, Any]:
    """Take the legends off all panels, and give their handles by name."""
    handles: dict[str, Any] = {}
    for ax in axes:
        handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        if (own := ax.get_legend()) is not None:
            own.remove()
    return handles


def only_outer_labels(axes: NDArray[Any]) -> None:
    """Keep the labels of the x axes in the lowest row, and those of the y axes in the first column."""
    plt.setp(axes[:-1], xlabel="")
    plt.setp(axes[:, 1:], ylabel="")


def text_width(text: str, size: float | str, weight: str = "normal") -> float:
    """Return the width of the longest line of a text, in inches."""
    font = FontProperties(family=mpl.rcParams["font.family"], size=size, weight=weight)
    widths = [TextPath((0, 0), line, prop=font).get_extents().width for line in text.split("\n") if line.strip()]
    return HINTED * float(np.max(widths, initial=0.0)) / 72


def wrapped(text: str, inches: float, size: float | str, weight: str = "normal") -> str:
    """Break a text into lines of at most this width in inches; a longer word has a line of its own, and % its number."""
    lines = re.sub(r"(?<=\d) (?=%)", NO_BREAK, text).split("\n")
    return "\n".join(_wrapped(line, lambda part: text_width(part, size, weight) <= inches) for line in lines)


def unbroken(label: str) -> str:
    """Keep the number of a fold, and the unit at the end of a label, such as "(W/(m K))", in one line."""
    quantity, bracket, unit = label.partition(" (")
    return f"{quantity.replace('fold ', f'fold{NO_BREAK}')}{bracket}{unit.replace(' ', NO_BREAK)}"


def _wrapped(line: str, fits: Callable[[str], bool]) -> str:
    """Fill lines with words, each with as many as fit."""
    lines: list[str] = []
    for word in line.split(" "):  # not at the no-break spaces of units
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and fits(longer):
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)
