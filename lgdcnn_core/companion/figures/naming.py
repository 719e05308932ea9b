"""Names beside points, where they cover as little as can be."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

_OFFSETS = tuple((x * r, y * r) for r in (4, 9, 15) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)))
"""Where a name may stand beside its point, in points, best places first."""

_FAR = 6
"""From this place on, a line leads from the name to its point."""

_LEADER: Any = {"arrowstyle": "-", "linewidth": 0.3, "color": "0.4", "shrinkA": 0, "shrinkB": 2}

_ALIGNMENT = {-1: ("right", "top"), 0: ("center", "center"), 1: ("left", "bottom")}


def name_points(x: pd.Series, y: pd.Series, names: pd.Series, ax: Axes) -> None:
    """Write names beside points, each where it covers the fewest points and names and stays within the axes.

    Parameters
    ----------
    x, y
        All points that are drawn, in data coordinates.
    names
        Their names; a point whose name is missing has none.
    ax
        Where they are drawn, its scales and limits final.
    """
    table = pd.DataFrame({"x": x, "y": y, "name": names})
    # Where points are on the page is known only once the page is laid out.
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    points = ax.transData.transform(table[["x", "y"]].to_numpy(dtype=float))
    inside = ax.get_window_extent()
    taken: list[Bbox] = []
    for row in table[table["name"].notna()].sort_values("y").itertuples():
        places = []
        for rank, (right, up) in enumerate(_OFFSETS):
            horizontal, vertical = _ALIGNMENT[int(np.sign(right))][0], _ALIGNMENT[int(np.sign(up))][1]
            written = ax.annotate(
                str(row.name),
                (row.x, row.y),
                (right, up),
                textcoords="offset points",
                fontsize=5,
                ha=horizontal,
                va=vertical,
            )
            box = written.get_window_extent()
            # A name over a name makes both unreadable; over a point, neither.
            covered = int(box.padded(5).count_contains(points)) + 3 * sum(box.overlaps(other) for other in taken)
            outside = box.x0 < inside.x0 or box.x1 > inside.x1 or box.y0 < inside.y0 or box.y1 > inside.y1
            places.append((covered + outside, rank, written, box))
        places.sort(key=lambda place: place[:2])
        taken.append(places[0][3])
        for *_, written, _box in places[1:]:
            written.remove()
        if places[0][1] >= _FAR:
            away = _OFFSETS[places[0][1]]
            ax.annotate("", (row.x, row.y), away, textcoords="offset points", arrowprops=_LEADER)
