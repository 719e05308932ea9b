"""Write names beside points, clear of each other and of the points (adjustText)."""

from typing import Any

import pandas as pd
from adjustText import adjust_text
from matplotlib.axes import Axes
from matplotlib.text import Text

ITERATIONS = 60
"""Steps in which names move; with a limit in seconds, the picture would depend on the machine."""

_LEADER: Any = {"arrowstyle": "-", "linewidth": 0.3, "color": "0.4", "shrinkA": 0, "shrinkB": 1}


def name_points(x: pd.Series, y: pd.Series, names: pd.Series, ax: Axes, **font: Any) -> list[Text]:
    """Write names beside points; a line joins a name that is moved far to its point.

    Call it last: the places of points on the page are known only once titles, labels and legends are there.

    Parameters
    ----------
    x, y
        All points that are drawn, in data coordinates.
    names
        Their names; a point whose name is missing has none.
    ax
        Where to draw; its scales and limits are final.
    font
        Passed on to `matplotlib.axes.Axes.text`.
    """
    table = pd.DataFrame({"x": x, "y": y, "name": names})
    named = table.dropna(subset=["name"]).itertuples(index=False, name=None)
    texts = [ax.text(across, up, str(name), **font) for across, up, name in named]
    for text in texts:
        text.set_in_layout(False)  # else the page would be laid out for where the names are at first
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    if texts:
        adjust_text(
            texts,
            x=table["x"].to_numpy(dtype=float),
            y=table["y"].to_numpy(dtype=float),
            ax=ax,
            expand=(1.1, 1.25),
            force_text=(0.2, 0.4),
            force_static=(0.2, 0.4),
            prevent_crossings=False,
            iter_lim=ITERATIONS,
            arrowprops=_LEADER,
        )
    return texts
