"""Power laws of errors in the number of training compounds, fitted in logarithms, and the sizes at which two meet.

A law is ``error = at_reference * (size / REFERENCE) ** -exponent``. We average the logarithm of the error over the
seeds of a size, fit a line to these means by ordinary least squares, each size with the same weight, and take
Student's intervals with two degrees of freedom fewer than there are sizes. So an interval covers what seeds and subsets
change, and how far the errors bend away from a power law. It does not cover the choice of the test compounds, which all
sizes share.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lgdcnn_core.companion.intervals import students

REFERENCE = 1000.0
"""Number of training compounds at which the offset of a law is stated."""

FEWEST = 3
"""Fewest sizes that a law is fitted to; two would leave nothing to tell its interval from."""

Values = NDArray[np.float64]


class TooFewSizes(ValueError):
    """There are fewer than `FEWEST` sizes to fit a power law to."""


@dataclass(frozen=True)
class PowerLaw:
    """A fitted power law.

    Attributes
    ----------
    exponent
        The error falls as size to the power of minus this.
    at_reference
        Error at `REFERENCE` compounds: the law's offset, in the unit of the errors.
    scatter
        Standard deviation of the logarithms of the errors about the law.
    n
        Number of sizes.
    centre, spread
        Mean of the ``log(size / REFERENCE)``, and the sum of the squares of their distances from it.
    """

    exponent: float
    at_reference: float
    scatter: float
    n: int
    centre: float
    spread: float

    @property
    def quantile(self) -> float:
        """Student's quantile, in standard errors, of the interval."""
        return students(self.n - 2)

    @property
    def exponent_interval(self) -> tuple[float, float]:
        """The 95 % interval of the exponent."""
        reach = self.quantile * self.scatter / math.sqrt(self.spread)
        return self.exponent - reach, self.exponent + reach

    @property
    def reference_interval(self) -> tuple[float, float]:
        """The 95 % interval of the error at `REFERENCE` compounds."""
        low, high = self.band([REFERENCE])
        return float(low[0]), float(high[0])

    def errors(self, sizes: ArrayLike) -> Values:
        """Return the errors, (n,), that the law gives for sizes, (n,)."""
        return np.asarray(self.at_reference * (np.asarray(sizes, dtype=float) / REFERENCE) ** -self.exponent)

    def band(self, sizes: ArrayLike) -> tuple[Values, Values]:
        """Return the ends, (n,) each, of the 95 % intervals of the law's errors at sizes, (n,), one size at a time."""
        away = np.log(np.asarray(sizes, dtype=float) / REFERENCE) - self.centre
        reach = np.exp(self.quantile * self.scatter * np.sqrt(1 / self.n + away**2 / self.spread))
        errors = self.errors(sizes)
        return errors / reach, errors * reach


@dataclass(frozen=True)
class Crossing:
    """The number of training compounds at which two laws meet.

    Attributes
    ----------
    size
        The number; NaN where it lies outside the measured range, or where the laws are parallel.
    low, high
        95 % interval after Fieller: from the smallest to the largest measured size at which the interval of the fitted
        ratio of the errors holds 1; NaN where there is no such size. If exponents and errors may both be equal, it is
        the whole measured range.
    """

    size: float
    low: float
    high: float


def fit(sizes: ArrayLike, errors: ArrayLike) -> PowerLaw:
    """Fit a power law.

    Parameters
    ----------
    sizes
        (n,) numbers of training compounds; a size with several seeds comes several times.
    errors
        (n,) errors, or ratios of errors, above 0.

    Raises
    ------
    TooFewSizes
        If there are fewer than `FEWEST` different sizes.
    """
    different, places = np.unique(np.asarray(sizes, dtype=float), return_inverse=True)
    if len(different) < FEWEST:
        raise TooFewSizes(f"a power law needs {FEWEST} sizes, not {len(different)}")
    means = np.bincount(places, np.log(np.asarray(errors, dtype=float))) / np.bincount(places)
    logs = np.log(different / REFERENCE)
    line = stats.linregress(logs, means)
    residuals = means - line.intercept - line.slope * logs
    return PowerLaw(
        exponent=-float(line.slope),
        at_reference=math.exp(line.intercept),
        scatter=math.sqrt(float(residuals @ residuals) / (len(logs) - 2)),
        n=len(logs),
        centre=float(logs.mean()),
        spread=float(((logs - logs.mean()) ** 2).sum()),
    )


def crossing(ratio: PowerLaw, smallest: float, largest: float) -> Crossing:
    """Return the size at which two models have the same error.

    Parameters
    ----------
    ratio
        Law of the ratios of their errors, fitted as a whole: both models learn from the same subsets, so that what a
        subset adds to both errors cancels. Its exponent is the difference of the models' exponents.
    smallest, largest
        Range of the measured sizes.
    """
    slope, height = ratio.exponent, math.log(float(ratio.errors([REFERENCE * math.exp(ratio.centre)])[0]))
    ends = [math.log(size / REFERENCE) - ratio.centre for size in (smallest, largest)]
    meeting = height / slope if slope else math.inf
    size = _size(ratio, meeting) if ends[0] <= meeting <= ends[1] else math.nan
    # Where the line's height lies within its interval about 0, (height - slope x)^2 <= variance (1/n + x^2/spread).
    variance = (ratio.quantile * ratio.scatter) ** 2
    squared = slope**2 - variance / ratio.spread
    discriminant = variance * (squared / ratio.n + height**2 / ratio.spread)
    root = math.sqrt(max(discriminant, 0.0))
    edges = [(height * slope + side * root) / squared for side in (-1, 1)] if discriminant >= 0 and squared else []
    may_meet = [x for x in ends if (height - slope * x) ** 2 <= variance * (1 / ratio.n + x**2 / ratio.spread)]
    may_meet += [x for x in edges if ends[0] <= x <= ends[1]]
    if not may_meet:
        return Crossing(size, math.nan, math.nan)
    return Crossing(size, max(_size(ratio, min(may_meet)), smallest), min(_size(ratio, max(may_meet)), largest))


def _size(ratio: PowerLaw, away: float) -> float:
    """Return the size whose logarithm lies this far from the centre."""
    return REFERENCE * math.exp(ratio.centre + away)
