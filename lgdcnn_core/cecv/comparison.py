"""Distances between CECVs, by the paper's six measures."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from lgdcnn_core.cecv.errors import CECVError
from lgdcnn_core.cecv.vector import CECV


def distances(cecvs: Mapping[str, CECV] | Sequence[CECV], of: str = "counts") -> pd.DataFrame:
    """Return six distances and similarities for every pair of CECVs.

    Parameters
    ----------
    cecvs
        CECVs by name, or a sequence of them (named 0, 1, ...), with the same thresholds.
    of
        Vectors of the Euclidean and Manhattan distances: "counts", or "normalised" if the CECVs have different
        numbers of compounds. The other columns do not depend on this choice.

    Returns
    -------
    DataFrame
        One row for each ordered pair (first, second), including pairs of a CECV with itself. Columns:

        - ``jensen_shannon``: divergence (not its square root) of the vectors normalised to sum 1, in bits.
        - ``kullback_leibler``: of first from second, KL(first || second), normalised likewise, in bits; not symmetric.
        - ``euclidean``, ``manhattan``: distances of the vectors.
        - ``cosine``, ``pearson``: similarities, 1 for vectors of the same direction or shape. Pearson is
          NaN if a vector is constant.

        ``distances(cecvs)["euclidean"].unstack()`` is the square matrix of one measure.

    Raises
    ------
    CECVError
        If thresholds differ, or `of` is unknown.
    """
    items = cecvs.items() if isinstance(cecvs, Mapping) else enumerate(cecvs)
    named: dict[object, CECV] = dict(items)
    if of not in ("counts", "normalised"):
        raise CECVError(f"distances are of 'counts' or 'normalised', not {of!r}")
    if len({vector.thresholds for vector in named.values()}) > 1:
        listed = "; ".join(f"{name}: {vector.thresholds}" for name, vector in named.items())
        raise CECVError(f"CECVs of different thresholds cannot be compared: {listed}")
    vectors = {name: np.asarray(getattr(vector, of), dtype=np.float64) for name, vector in named.items()}
    pairs = pd.MultiIndex.from_product([list(named), list(named)], names=["first", "second"])
    rows = [_measures(vectors[first], vectors[second]) for first, second in pairs]
    return pd.DataFrame(rows, index=pairs, columns=_COLUMNS)


_COLUMNS = ["jensen_shannon", "kullback_leibler", "euclidean", "manhattan", "cosine", "pearson"]


def _measures(first: NDArray[np.float64], second: NDArray[np.float64]) -> list[float]:
    """Compare two vectors (T,), in the order of the columns. Every entry is positive: no cluster is empty."""
    difference = first - second
    courses = first - first.mean(), second - second.mean()
    return [
        # scipy gives the Jensen-Shannon distance, the root of the divergence; it normalises to sum 1 itself.
        float(jensenshannon(first, second, base=2) ** 2),
        float(entropy(first, second, base=2)),
        float(np.linalg.norm(difference)),
        float(np.abs(difference).sum()),
        _cosine(first, second),
        float("nan") if any(np.ptp(vector) == 0 for vector in (first, second)) else _cosine(*courses),
    ]


def _cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the cosine of the angle between two nonzero vectors."""
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
