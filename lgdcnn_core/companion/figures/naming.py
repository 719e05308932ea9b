"""Write names beside points, clear of each other and of the points."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

GAP = 0.5
"""Free space around a name, in points."""

POINT = 2.3
"""Radius that is kept free around a point, in points."""

DISTANCES = np.concatenate([np.arange(0, 10, 1.0), np.arange(10, 60, 2.0)])
ANGLES = np.arange(24) * 2 * np.pi / 24
"""Distances of a name from its point, in points, and directions that are tried."""

NEAR = 3.0
"""Distance from which on a line joins a name to its point, in points."""

ROUNDS = 10
"""Orders in which names choose their places; the order with the nearest places counts."""

_LEADER: Any = {"linewidth": 0.3, "color": "0.4", "zorder": 2}

Array = NDArray[np.float64]


def name_points(x: pd.Series, y: pd.Series, names: pd.Series, ax: Axes, **font: Any) -> list[Text]:
    """Write names beside points; a line joins a name that is far from its point.

    One after another, names take the nearest place inside the axes where they cover no point, no name and no line.
    The most crowded choose first. Names that end up far away choose earlier in the next round. A name without any place
    is put to the right of its point.

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
    known = table["name"].notna().to_numpy()
    texts = [ax.text(0, 0, str(name), ha="center", va="center", **font) for name in table["name"][known]]
    if not texts:
        return []
    for text in texts:
        text.set_in_layout(False)  # else the page would be laid out for where the names are at first
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    pixels = ax.figure.dpi / 72
    points = ax.transData.transform(table[["x", "y"]].to_numpy(dtype=float)) / pixels
    halves = np.array([[box.width, box.height] for box in (text.get_window_extent() for text in texts)]) / pixels / 2
    frame = ax.get_window_extent().get_points().ravel() / pixels
    centres, joined = _best(points, points[known], halves, frame)
    to_data = ax.transData.inverted()
    for text, centre in zip(texts, centres, strict=True):
        across, up = to_data.transform(centre * pixels)
        text.set_position((float(across), float(up)))
    for line in joined:
        # As a plain artist: a plotted line could move the limits.
        ax.add_artist(Line2D(*to_data.transform(line * pixels).T, transform=ax.transData, **_LEADER))
    return texts


def _best(points: Array, named: Array, halves: Array, frame: Array) -> tuple[Array, list[Array]]:
    """Return the centres of names (n, 2) and the ends of their lines, from the best of several orders; all in points."""
    apart = np.linalg.norm(named[:, None] - points, axis=2)
    order = np.argsort(np.sort(apart, axis=1)[:, :6].sum(axis=1), kind="stable")
    places = [_places(point, half, points, frame) for point, half in zip(named, halves, strict=True)]
    best: tuple[float, Array, list[Array]] = (np.inf, named, [])
    for _ in range(ROUNDS):
        centres, away, lines = _placed(order, places, named, halves)
        # Squares, as one name far away is worse than several that are a little away.
        if (cost := float((away**2).sum())) < best[0]:
            best = (cost, centres, lines)
        order = np.array(sorted(order, key=lambda each: -away[each] if away[each] > NEAR else 0.0))
    return best[1], best[2]


def _placed(
    order: NDArray[np.int64], places: Sequence[tuple[Array, Array]], named: Array, halves: Array
) -> tuple[Array, Array, list[Array]]:
    """Place names in this order; return their centres, their distances from the points, and the lines' ends."""
    centres, away = named + np.column_stack([halves[:, 0] + POINT, np.zeros(len(named))]), np.full(len(named), 100.0)
    boxes, on_lines, lines = np.empty((0, 4)), np.empty((0, 2)), []
    for each in order:
        possible, distances = places[each]
        around = np.concatenate([possible - halves[each], possible + halves[each]], axis=1)
        free = ~_cover(around, on_lines, GAP).any(axis=1) & ~_overlap(around, boxes, GAP).any(axis=1)
        for place in np.flatnonzero(free):
            line = np.empty((0, 2))
            if distances[place] > NEAR:
                towards = possible[place] - named[each]
                towards = towards / np.linalg.norm(towards)
                reach = np.linspace(POINT, POINT + distances[place], 2 + int(distances[place]))
                line = named[each] + reach[:, None] * towards
                if _cover(boxes, line, GAP).any():
                    continue
                lines.append(line[[0, -1]])
            centres[each], away[each] = possible[place], distances[place]
            on_lines = np.concatenate([on_lines, line])
            break
        box = np.concatenate([centres[each] - halves[each], centres[each] + halves[each]])
        boxes = np.concatenate([boxes, box[None]])
    return centres, away, lines


def _places(point: Array, half: Array, points: Array, frame: Array) -> tuple[Array, Array]:
    """Return the places of a name in the frame that cover no point, the nearest first: centres (m, 2), distances (m,)."""
    distances, angles = (each.ravel() for each in np.meshgrid(DISTANCES, ANGLES, indexing="ij"))
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    # The edge of the name is that far away, not its centre.
    to_centre = np.min(half / np.maximum(np.abs(directions), 1e-9), axis=1)
    centres = point + (POINT + GAP + distances + to_centre)[:, None] * directions
    around = np.concatenate([centres - half, centres + half], axis=1)
    free = (around[:, :2] >= frame[:2]).all(axis=1) & (around[:, 2:] <= frame[2:]).all(axis=1)
    free &= ~_cover(around, points, POINT).any(axis=1)
    return centres[free], distances[free]


def _cover(boxes: Array, points: Array, radius: float) -> NDArray[np.bool_]:
    """Tell which boxes (m, 4: left, bottom, right, top) cover which points (n, 2) or come as near as a radius, (m, n)."""
    return _overlap(boxes, np.tile(points, 2), radius)


def _overlap(boxes: Array, others: Array, gap: float) -> NDArray[np.bool_]:
    """Tell which boxes (m, 4) overlap which others (n, 4) or come as near as a gap, (m, n)."""
    left, bottom, right, top = boxes.T[:, :, None]
    across = (right > others[:, 0] - gap) & (left < others[:, 2] + gap)
    return np.asarray(across & (top > others[:, 1] - gap) & (bottom < others[:, 3] + gap))
