"""Cluster compounds whose EFMs agree within a threshold, by one of three rules."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist, pdist

from lgdcnn_core.cecv.errors import CECVError

THRESHOLDS = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40)
"""The paper's eight thresholds on the distance between EFMs."""

# A block of distances is (n, 128) float64: 10 MB at n = 10,000. All n x n never exist at once.
_BLOCK = 128


def clusters(efms: ArrayLike, threshold: float | Sequence[float], rule: str = "published") -> NDArray[np.intp]:
    """Return cluster labels of compounds of one size, by the distance D = ``max |R_a - R_b|`` of their EFMs.

    Parameters
    ----------
    efms
        (n, N, N), in data-set order.
    threshold
        One threshold t > 0, or T of them: all thresholds share one pass over the distances.
    rule
        - ``"published"``: the scan-order rule of the paper. A scan visits all compounds in order, including those
          already assigned; each takes every still unassigned compound with D <= t as a new cluster. Only for
          N = 3, D is ``max ||R_a| - |R_b||`` and the comparison is strict, D < t. Depends on the order.
        - ``"leader"``: each compound joins the first leader with D <= t, or becomes a leader. Members are
          within t of their leader. Depends on the order.
        - ``"complete-linkage"``: hierarchical; any two members are within t of each other. Independent of
          the order except for exact ties. Memory grows as 8 n^2 bytes (0.8 GB at n = 10,000), where the other
          two rules need little.

    Returns
    -------
    ndarray
        Labels (n,), or (T, n) for T thresholds: 0, 1, ... by first appearance in data-set order.

    Raises
    ------
    CECVError
        If the EFMs are not (n, N, N), symmetric, finite and of unit diagonal, if the rule is unknown, or if a
        threshold is not positive.

    Notes
    -----
    Source of the scan-order rule: doi:10.1021/acs.jctc.4c00187 and its published implementation.
    """
    matrices = _checked(efms)
    thresholds = np.atleast_1d(np.asarray(threshold, dtype=np.float64))
    if thresholds.ndim != 1 or not (np.isfinite(thresholds).all() and (thresholds > 0).all()):
        raise CECVError(f"thresholds must be positive numbers, not {threshold}")
    if rule not in RULES:
        raise CECVError(f"unknown rule {rule!r}: choose one of {', '.join(RULES)}")
    n, size, _ = matrices.shape
    if n == 0:
        labels = np.empty((len(thresholds), 0), dtype=np.intp)
    else:
        # D is the Chebyshev distance of the upper triangles. N = 1 has none: keep its constant diagonal.
        upper = np.triu_indices(size, k=1 if size > 1 else 0)
        assigned = RULES[rule](matrices[:, upper[0], upper[1]], size, thresholds)
        labels = np.stack([_by_first_appearance(row) for row in assigned])
    return labels[0] if np.ndim(threshold) == 0 else labels


def _checked(efms: ArrayLike) -> NDArray[np.float64]:
    """Return the EFMs as float64, or raise an error that names the one that is not an EFM."""
    matrices = np.asarray(efms, dtype=np.float64)
    if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2] or matrices.shape[1] == 0:
        raise CECVError(f"EFMs have shape (n, N, N), not {matrices.shape}")
    finite = np.isfinite(matrices).all(axis=(1, 2))
    if not finite.all():
        raise CECVError(f"the EFM of compound {int(np.argmin(finite))} holds NaN or infinity")
    asymmetry = np.abs(matrices - matrices.transpose(0, 2, 1)).max(axis=(1, 2), initial=0.0)
    diagonal = np.abs(np.diagonal(matrices, axis1=1, axis2=2) - 1.0).max(axis=1, initial=0.0)
    # Loose enough for EFMs stored in float32.
    wrong = np.maximum(asymmetry, diagonal) > 1e-5
    if wrong.any():
        raise CECVError(
            f"the EFM of compound {int(np.argmax(wrong))} is not a correlation matrix: "
            f"it must be symmetric with ones on the diagonal"
        )
    return matrices


def _by_first_appearance(assigned: NDArray[np.intp]) -> NDArray[np.intp]:
    """Renumber cluster names (n,) to 0, 1, ... in the order of their first appearance."""
    _, first, inverse = np.unique(assigned, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def _published(vectors: NDArray[np.float64], size: int, thresholds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Name each compound's cluster (T, n) by the compound that took it in the scan.

    The scan visits every compound, and a compound is unassigned until it is first reached. Compound j is
    therefore taken by the first i in order with D(i, j) within t, which is no later than j itself (D(j, j) = 0).
    Nothing sequential is left. The published special case needs no code either: it makes the last unassigned
    compound a cluster of its own, and that compound would be taken alone anyway.
    """
    vectors = np.abs(vectors) if size == 3 else vectors
    within: np.ufunc = np.less if size == 3 else np.less_equal
    order = np.argsort(thresholds)
    taker = np.full((len(thresholds), len(vectors)), -1, dtype=np.intp)
    for start in range(0, len(vectors), _BLOCK):
        # EFMs unassigned at a larger threshold are also unassigned at the smallest; only these need distances.
        remaining = np.flatnonzero(taker[order[0]] < 0)
        if not len(remaining):
            break
        distance = cdist(vectors[remaining], vectors[start : start + _BLOCK], "chebyshev")
        for k in order:
            pending = np.flatnonzero(taker[k, remaining] < 0)
            near = within(distance if len(pending) == len(remaining) else distance[pending], thresholds[k])
            first = near.argmax(axis=1)
            reached = near[np.arange(len(pending)), first]
            taker[k, remaining[pending[reached]]] = start + first[reached]
    return taker


def _leader(vectors: NDArray[np.float64], size: int, thresholds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Name each compound's cluster (T, n) by its leader: leaders, in order, take all compounds that they reach."""
    leader = np.full((len(thresholds), len(vectors)), -1, dtype=np.intp)
    for start in range(0, len(vectors), _BLOCK):
        remaining = start + np.flatnonzero((leader[:, start:] < 0).any(axis=0))
        candidates = remaining[remaining < start + _BLOCK]
        if not len(candidates):
            continue
        distance = cdist(vectors[candidates], vectors[remaining], "chebyshev")
        open_ = leader[:, remaining] < 0
        for row, candidate in enumerate(candidates):
            # The block's candidates are the first of the remaining compounds, in the same order.
            leads = open_[:, row]
            taken = open_ & leads[:, None] & (distance[row] <= thresholds[:, None])
            open_ &= ~taken
            threshold_index, column = np.nonzero(taken)
            leader[threshold_index, remaining[column]] = candidate
    return leader


def _complete_linkage(vectors: NDArray[np.float64], size: int, thresholds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Name each compound's cluster (T, n) by cutting one complete-linkage tree at each threshold."""
    if len(vectors) == 1:
        return np.zeros((len(thresholds), 1), dtype=np.intp)
    tree = linkage(pdist(vectors, "chebyshev"), method="complete")
    return np.stack([fcluster(tree, t, criterion="distance") for t in thresholds]).astype(np.intp)


_Rule = Callable[[NDArray[np.float64], int, NDArray[np.float64]], NDArray[np.intp]]

RULES: dict[str, _Rule] = {
    "published": _published,
    "leader": _leader,
    "complete-linkage": _complete_linkage,
}
"""The rules of `clusters` by name; "published" (scan-order) and "leader" depend on the order of the compounds."""
