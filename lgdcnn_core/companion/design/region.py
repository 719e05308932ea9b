"""Define the target region, where the paper wants a good network's CECV curve, and the distance to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

SMALL_UP_TO = 0.20
"""Thresholds up to this one are small: the lower half of the paper's eight. The paper gives no number."""

RISE = 0.25
"""At large thresholds the region begins this fraction of the way from the global curve to the local one. The paper
says "above" the global curve; with no rise at all, the global network itself would be perfect."""


Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class TargetRegion:
    """The region between the curves of a global and a local reference network, trained as the candidates are.

    With g(t) and l(t) the normalised CECVs (clusters per compound) of the global reference (the paper's LSTM) and of
    the local one (its DCNN-K1), the region is

    - at small t, the global curve: from g(t) to g(t);
    - at large t, above it and not above the local curve: from g(t) + rise * (l(t) - g(t)) to l(t). Where the local
      curve is not above the global one, the region is again the global curve.

    Attributes
    ----------
    thresholds
        The T thresholds.
    global_curve, local_curve
        Normalised CECVs of the references, (T,).
    small_up_to
        Largest threshold that is small.
    rise
        Where the region begins at large t, from 0 (the global curve) to 1 (the local one).
    scale
        ``"linear"``: distances in clusters per compound, as the paper's figures have them; curves fall steeply, so
        small thresholds weigh most. ``"log"``: in natural logarithms, so that all thresholds weigh the same.

    Notes
    -----
    Source: the paper's words, "near the global curve at small t and above it at large t"
    (doi:10.1021/acs.jctc.4c00187). The numbers are ours.
    """

    thresholds: Sequence[float]
    global_curve: Sequence[float]
    local_curve: Sequence[float]
    small_up_to: float = SMALL_UP_TO
    rise: float = RISE
    scale: Scale = "linear"

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lower and upper edge of the region, (T,) each."""
        low = np.asarray(self.global_curve, dtype=float)
        gap = np.maximum(np.asarray(self.local_curve, dtype=float) - low, 0.0)
        # The margin is for rounding: a computed 0.2 is still 0.2.
        large = np.asarray(self.thresholds) > self.small_up_to + 1e-9
        return low + np.where(large, self.rise * gap, 0.0), low + np.where(large, gap, 0.0)

    def distances(self, curve: ArrayLike) -> NDArray[np.float64]:
        """Return how far a normalised CECV (T,) is outside the region at each threshold, (T,); 0 inside."""
        low, high, values = *self.bounds(), np.asarray(curve, dtype=float)
        if self.scale == "log":  # no count of clusters is 0
            low, high, values = np.log(low), np.log(high), np.log(values)
        return np.maximum(low - values, 0.0) + np.maximum(values - high, 0.0)

    def distance(self, curve: ArrayLike) -> float:
        """Return the score of a normalised CECV (T,), its mean distance to the region over thresholds; 0 is best."""
        return float(self.distances(curve).mean())
