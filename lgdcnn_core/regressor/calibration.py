"""Prediction intervals that hold the stated share of values: split conformal prediction."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PER_CENTS = range(1, 100)
"""Shares for which a calibration has factors, in per cent."""


USUAL_INTERVAL = 0.9
"""Share of the values that intervals hold, unless another is asked for."""


class NotCalibrated(RuntimeError):
    """A model has no calibration, or one from too few compounds for the share that was asked for."""


@dataclass(frozen=True)
class Calibration:
    """By how much a model's standard deviations must be multiplied to hold a share of the values, by property.

    Attributes
    ----------
    n
        (K,) number of compounds with a known value.
    factors
        (K, 99): factor for each of `PER_CENTS`; infinite where there are too few compounds.

    Notes
    -----
    If compounds are exchangeable with those of the calibration, an interval holds at least the stated share of values.
    Sources: Papadopoulos et al., ECML 2002 (errors in units of the stated uncertainty); Lei et al., J. Am. Stat. Assoc.
    2018, 113, 1094, doi:10.1080/01621459.2017.1307116 (section 2.2, the rank).
    """

    n: tuple[int, ...]
    factors: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, actual: NDArray[np.float64], mean: NDArray[np.float64], std: NDArray[np.float64]) -> "Calibration":
        """Calibrate with compounds that the model has not learnt: values, NaN if unknown, and predictions.

        All arrays are (B,), or (B, K) for several properties.
        """
        errors = (np.abs(actual - mean) / std).reshape(len(actual), -1)
        columns = [np.sort(column[np.isfinite(column)]) for column in errors.T]
        factors = tuple(tuple(_at_rank(column, share) for share in PER_CENTS) for column in columns)
        return cls(tuple(map(len, columns)), factors)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Calibration":
        """Return a calibration from what `as_dict` returned, perhaps by way of JSON."""
        factors = tuple(tuple(math.inf if each is None else each for each in row) for row in values["factors"])
        return cls(tuple(values["n"]), factors)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; JSON has no infinity."""
        factors = [[None if math.isinf(each) else each for each in row] for row in self.factors]
        return {"n": list(self.n), "factors": factors}

    def factor(self, share: float) -> NDArray[np.float64]:
        """Return the factors, (K,), for intervals that hold a share of the values, in whole per cents rounded up.

        Raises
        ------
        ValueError
            If the share is not between 0 and 0.99.
        NotCalibrated
            If there are too few compounds for it.
        """
        per_cent = math.ceil(round(100 * share, 6))
        if per_cent not in PER_CENTS:
            raise ValueError(f"interval is {share}; it must be a share of the values, from 0.01 to 0.99")
        found = np.array([row[per_cent - 1] for row in self.factors])
        if np.isinf(found).any():
            fewest = min(self.n)
            raise NotCalibrated(
                f"an interval for {per_cent} % of the values needs more than {fewest} compounds for calibration; "
                f"with {fewest}, up to {100 * fewest // (fewest + 1)} % is possible"
            )
        return found


def half_widths(calibration: Calibration | None, std: NDArray[np.float64], interval: float) -> NDArray[np.float64]:
    """Return half the widths of the intervals, (B,) or (B, K), that hold a share of the values.

    Raises
    ------
    NotCalibrated
        If there is no calibration, or it has too few compounds.
    """
    if calibration is None:
        raise NotCalibrated(
            "intervals need a calibration: model.calibrate(val), with data that the model has not learnt"
        )
    factor = calibration.factor(interval)
    return std * (factor if std.ndim == 2 else factor[0])


def usual_half_widths(
    calibration: Calibration | None, std: NDArray[np.float64], interval: float | None
) -> NDArray[np.float64] | None:
    """Return `half_widths`; without an `interval` those of the usual one, or None without a calibration."""
    if interval is None and calibration is None:
        return None
    return half_widths(calibration, std, USUAL_INTERVAL if interval is None else interval)


def _at_rank(errors: NDArray[np.float64], per_cent: int) -> float:
    """Return the smallest error that, with the next compound counted, at least this share of errors does not exceed."""
    rank = -(-(len(errors) + 1) * per_cent // 100)
    return float(errors[rank - 1]) if rank <= len(errors) else math.inf
