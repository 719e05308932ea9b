"""Names beside the points of a scatter plot, placed so that they can be read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike

_OFFSETS = tuple((x * r, y * r) for r in (4, 9, 15) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)))
"""Where a name may stand beside its point, in points, best places first."""

_FAR = 6
"""From this place on, a line leads from the name to its point."""

_LEADER: Any = {"arrowstyle": "-", "linewidth": 0.3, "color": "0.4", "shrinkA": 0, "shrinkB": 2}

_ALIGNMENT = {-1: ("right", "top"), 0: ("center", "center"), 1: ("left", "bottom")}


def name_points(points: ArrayLike, names: Sequence[str], ax: Axes) -> None:
    """Write names beside points, each where it covers the fewest points and names and stays within the axes.

    Parameters
    ----------
    points
        (P, 2), in the coordinates of the data, all of which are drawn already.
    names
        (P,); "" leaves a point without a name.
    ax
        Where they are drawn.
    """
    # Where points are on the page is known only once the page is laid out.
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    places_of_points = np.asarray(points, dtype=float)
    on_page = ax.transData.transform(places_of_points)
    inside = ax.get_window_extent()
    taken: list[Bbox] = []
    for number in np.argsort(places_of_points[:, 1], kind="stable"):
        if not names[number]:
            continue
        point = places_of_points[number]
        places = []
        for rank, (x, y) in enumerate(_OFFSETS):
            horizontal, vertical = _ALIGNMENT[int(np.sign(x))][0], _ALIGNMENT[int(np.sign(y))][1]
            written = ax.annotate(
                names[number],
                point,
                (x, y),
                textcoords="offset points",
                fontsize=5,
                ha=horizontal,
                va=vertical,
            )
            box = written.get_window_extent()
            # A name over a name makes both unreadable; over a point, neither.
            covered = int(box.padded(5).count_contains(on_page)) + 3 * sum(box.overlaps(other) for other in taken)
            outside = box.x0 < inside.x0 or box.x1 > inside.x1 or box.y0 < inside.y0 or box.y1 > inside.y1
            places.append((covered + outside, rank, written, box))
        places.sort(key=lambda place: place[:2])
        taken.append(places[0][3])
        for *_, written, _box in places[1:]:
            written.remove()
        if places[0][1] >= _FAR:
            away = _OFFSETS[places[0][1]]
            ax.annotate("", point, away, textcoords="offset points", arrowprops=_LEADER)
