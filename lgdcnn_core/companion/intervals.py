"""The confidence of every interval that the companion states, and Student's quantiles."""

from scipy import stats

CONFIDENCE = 0.95
"""Share of repetitions whose interval holds the true value."""

TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
"""Quantiles at the ends of an interval from resampled values."""


def students(degrees: int) -> float:
    """Return half the width of an interval in standard errors, with so many degrees of freedom; NaN with none."""
    return float(stats.t.ppf(TAILS[1], degrees))
