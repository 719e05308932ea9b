"""Features of compositions: statistics of element properties, and the elements' fractions.

The statistics are those of Ward et al. (npj Comput. Mater. 2016, 2, 16028, doi:10.1038/npjcompumats.2016.28). The
element properties are those of Magpie (the same paper) and of Oliynyk et al. (Chem. Mater. 2016, 28, 7324,
doi:10.1021/acs.chemmater.6b02724); both come from `lgdcnn_core.elements`.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core import elements
from lgdcnn_core.composition import Compositions

TABLES = ("magpie", "oliynyk")
"""Element tables whose properties are used."""

STATISTICS = ("mean", "mean deviation", "minimum", "maximum", "range", "mode")
"""Statistics over a compound's elements, in the order of the columns."""

DESCRIPTION = f"{', '.join(STATISTICS)} of {' and '.join(TABLES)}; fractions"
"""The features in words, for records. Change it whenever their meaning changes, so that old records are refused."""

COMPOUNDS_AT_ONCE = 8_192
"""Compounds in one step; it limits the memory beyond the features themselves to about 100 MB."""

Features = NDArray[np.float32]


def names() -> list[str]:
    """Name the columns of `of_compositions`, such as ``"mean magpie 7"``, the eighth property of that table."""
    properties = [f"{name} {column}" for name in TABLES for column in range(elements.table(name).width)]
    statistics = [f"{statistic} {each}" for statistic in STATISTICS for each in properties]
    return [*statistics, *(f"fraction {number}" for number in range(1, elements.N_ELEMENTS + 1))]


def of_compositions(compositions: Compositions) -> Features:
    """Compute the features of compounds; a formula's features do not depend on the order of its elements.

    The features are the `STATISTICS` of each property over a compound's elements. Properties are standardised, as
    `elements.table` gives them. The mean and the mean absolute deviation are weighted by the fractions. The mode is the
    property of the most abundant element; if several are equally abundant, it is the lowest of their values. The
    fractions of the elements 1 to 118 follow.

    An element that a table lacks takes the median of each property over the elements that the table has; `lacking`
    counts the compounds with such elements.

    Parameters
    ----------
    compositions
        B compounds.

    Returns
    -------
    (B, F) float32
        Columns as `names` has them.
    """
    ordered = compositions.canonical()
    found = np.zeros((len(ordered), len(names())), dtype=np.float32)
    for length in np.unique(ordered.lengths):
        alike = np.flatnonzero(ordered.lengths == length)
        for start in range(0, len(alike), COMPOUNDS_AT_ONCE):
            rows = alike[start : start + COMPOUNDS_AT_ONCE]
            tokens = ordered.offsets[rows, None] + np.arange(length)
            found[rows] = _of_equally_many(ordered.atomic_numbers[tokens], ordered.fractions[tokens])
    return found


def lacking(compositions: Compositions) -> dict[str, int]:
    """Count, for each of the `TABLES`, the compounds with an element that the table lacks."""
    return {name: len(compositions.containing(np.flatnonzero(~elements.table(name).known))) for name in TABLES}


@cache
def _properties() -> Features:
    """Return the properties of the elements side by side, (119, P), with medians where a table lacks an element."""
    sides = []
    for name in TABLES:
        table = elements.table(name)
        side = table.vectors.copy()
        side[~table.known] = np.median(table.vectors[table.known], axis=0)
        sides.append(side)
    return np.concatenate(sides, axis=1)


def _of_equally_many(atomic_numbers: NDArray[np.uint8], fractions: Features) -> Features:
    """Compute the features of B compounds of n elements each, given as (B, n)."""
    values, weights = _properties()[atomic_numbers], fractions[:, :, None]
    mean = (weights * values).sum(axis=1)
    deviation = (weights * np.abs(values - mean[:, None])).sum(axis=1)
    low, high = values.min(axis=1), values.max(axis=1)
    abundant = weights == weights.max(axis=1, keepdims=True)
    mode = np.where(abundant, values, np.inf).min(axis=1)
    of_elements = np.zeros((len(values), elements.N_ELEMENTS + 1), dtype=np.float32)
    np.put_along_axis(of_elements, atomic_numbers.astype(np.int64), fractions, axis=1)
    return np.concatenate([mean, deviation, low, high, high - low, mode, of_elements[:, 1:]], axis=1)
