"""Purity of nearest neighbours: the share of them that carry the same label, with a null by permutation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.neighbors import NearestNeighbors

from lgdcnn_core.companion.intervals import TAILS

COMPARED = 10
"""Nearest neighbours of a compound or of an atom; `COMPARED_ELEMENTS` for elements, of which a group has four to six.

Conventions, set before any result was seen."""

COMPARED_ELEMENTS = 3

PERMUTATIONS = 1000
SEED = 0

_AT_ONCE = 50  # permutations whose labels are in memory together

Neighbours = NDArray[np.int64]
"""Positions of the k nearest neighbours of each of n points, (n, k); a point is not its own neighbour."""


@dataclass(frozen=True)
class Purity:
    """The purity of points' neighbours, and its null: the purity after the labels are shuffled.

    Attributes
    ----------
    share
        Mean over the points of the share of neighbours with the point's label.
    null
        Mean over the permutations.
    low, high
        Ends of the middle 95 % of the permutations.
    p
        (1 + permutations that are at least as pure) / (1 + permutations).
    n
        Number of points.
    """

    share: float
    null: float
    low: float
    high: float
    p: float
    n: int


def nearest(points: ArrayLike, k: int) -> Neighbours:
    """Find the nearest neighbours of each point (n, d) by Euclidean distance; all others, if there are fewer than k."""
    every = np.asarray(points)
    fitted = NearestNeighbors(n_neighbors=min(k, len(every) - 1)).fit(every)
    return np.asarray(fitted.kneighbors(return_distance=False), dtype=np.int64)


def most_similar(similarities: ArrayLike, k: int) -> Neighbours:
    """Find the k others that are most similar to each point, from a matrix of similarities (n, n); ties by position."""
    apart = -np.asarray(similarities, dtype=float)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, : min(k, len(apart) - 1)]


def shares(neighbours: Neighbours, labels: ArrayLike) -> NDArray[np.float64]:
    """Return for each point the share of its neighbours with its label, (n,)."""
    every = np.asarray(labels)
    return np.asarray((every[neighbours] == every[:, None]).mean(axis=1), dtype=np.float64)


def permuted(
    neighbours: Neighbours,
    labels: ArrayLike,
    strata: ArrayLike | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
) -> Purity:
    """Return the purity of points' neighbours, beside that of permuted labels.

    Parameters
    ----------
    neighbours
        (n, k), from `nearest` or `most_similar`.
    labels
        (n,)
    strata
        (n,): labels are permuted within each stratum only; for points that have neighbours only in their own.
    permutations, seed
        Number of permutations, and their seed.
    """
    codes = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int16)
    n = len(codes)
    within = np.zeros(n) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1].astype(float)
    places = np.argsort(within, kind="stable")
    generator = np.random.default_rng(seed)
    found = []
    for start in range(0, permutations, _AT_ONCE):
        # A stratum's number plus a fraction: sorting shuffles the points of each stratum and keeps strata together.
        keys = within + generator.random((min(_AT_ONCE, permutations - start), n))
        shuffled = np.empty((n, len(keys)), dtype=np.int16)
        shuffled[places] = codes[np.argsort(keys, axis=1)].T
        same = sum((shuffled[column] == shuffled).sum(axis=0) for column in neighbours.T)
        found.append(same / neighbours.size)
    null, share = np.concatenate(found), float(shares(neighbours, codes).mean())
    low, high = np.quantile(null, TAILS)
    # Shares are sums of whole numbers: the tolerance keeps rounding from deciding between equal ones.
    at_least = int((null >= share - 1e-9).sum())
    return Purity(share, float(null.mean()), float(low), float(high), (1 + at_least) / (1 + permutations), n)
