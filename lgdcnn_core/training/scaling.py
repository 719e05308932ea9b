"""The scale on which a network learns targets, and the way back to their unit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.training.recipe import LearntTargets

LONG_TAILS = 2.0
"""See `Scaling.of`."""

NORMAL_QUARTILES = 1.349
"""Distance between the quartiles of a normal distribution, in standard deviations."""

LARGEST = float(np.finfo(np.float64).max)
SMALLEST = float(np.finfo(np.float64).smallest_subnormal)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """The scale on which a network learns targets, and the way back to their unit.

    Targets are standardised. Those with long tails first become asinh(target / unit), which is linear for small targets
    and logarithmic for large ones of either sign. The network learns conditional medians, which commute with every
    increasing function. Classes are not standardised: (0, 1). Results beyond float64 become its largest or smallest
    number.

    Attributes
    ----------
    mean, std
        Mean and standard deviation (ddof = 1) of the training targets, in the property's unit, or of their asinh. For
        several properties, one for each, (K,).
    unit
        Target at which asinh(1) is learnt: the median magnitude of the training targets. None: targets are learnt as
        they are, as always for several properties.
    """

    mean: float | tuple[float, ...]
    std: float | tuple[float, ...]
    unit: float | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Scaling":
        """Return a scaling from plain values, in which a tuple may have become a list."""
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**plain)

    @classmethod
    def of(cls, targets: Values, classification: bool, learnt: LearntTargets = "as they are") -> "Scaling":
        """Return the scaling of training targets, (B,) or (B, K).

        Identical targets have no spread; their magnitude takes its place. Tails are long if the standard deviation is
        more than `LONG_TAILS` times that of a normal distribution with the same interquartile range.
        """
        if classification:
            return cls(0.0, 1.0)
        if targets.ndim == 2:
            each = [cls.of(column[np.isfinite(column)], False) for column in targets.T]
            return cls(tuple(one.mean for one in each), tuple(one.std for one in each))  # type: ignore[misc]
        unit = None
        if learnt == "asinh of long tails":
            moderate, exponent = _moderate(targets)
            low, high = np.percentile(moderate, [25, 75])
            if np.std(moderate) > LONG_TAILS * (high - low) / NORMAL_QUARTILES:
                unit = float(_held(np.ldexp(np.median(np.abs(moderate)), exponent))) or None
        plain = targets if unit is None else _asinh(targets, unit)
        mean, std = _mean_and_std(plain)
        return cls(mean, std or abs(mean) or 1.0, unit)

    def learnt(self, targets: Values) -> Values:
        """Return standardised targets, (B,) or (B, K), from targets in the properties' units."""
        plain = targets if self.unit is None else _asinh(targets, self.unit)
        mean, std = np.asarray(self.mean), np.asarray(self.std)
        with np.errstate(over="ignore"):
            found = (plain - mean) / std
            # Where a difference exceeds float64, that of a quarter of the values does not.
            return (
                np.where(np.isinf(found), (plain / 4 - mean / 4) / (std / 4), found) if np.isinf(found).any() else found
            )

    def predicted(self, value: Values) -> Values:
        """Return standardised predictions in the property's unit, the inverse of `learnt`."""
        with np.errstate(over="ignore", invalid="ignore"):
            plain = value * np.asarray(self.std) + np.asarray(self.mean)
            return _held(plain if self.unit is None else np.sinh(plain) * self.unit)

    def uncertainty(self, value: Values, log_uncertainty: Values) -> Values:
        """Return the standard deviation of predictions in the property's unit; for asinh, to first order about them."""
        with np.errstate(over="ignore", under="ignore"):
            std = np.exp(log_uncertainty) * np.asarray(self.std)
            if self.unit is not None:
                std = std * np.cosh(value * np.asarray(self.std) + np.asarray(self.mean)) * self.unit
            return np.clip(std, SMALLEST, LARGEST)


def _mean_and_std(values: Values) -> tuple[float, float]:
    """Return mean and standard deviation (ddof = 1), even of values whose squares float64 cannot hold."""
    moderate, exponent = _moderate(values)
    std = np.std(moderate, ddof=1) if moderate.max() > moderate.min() else 0.0
    with np.errstate(over="ignore"):
        # A positive standard deviation stays positive, and leaves room for predictions beyond the targets.
        limits = (SMALLEST if std > 0 else 0.0, LARGEST / 16)
        return float(_held(np.ldexp(np.mean(moderate), exponent))), float(np.clip(np.ldexp(std, exponent), *limits))


def _moderate(values: Values) -> tuple[Values, int]:
    """Return values divided by a power of two, which changes no digit, so that none exceeds 1; and its exponent."""
    exponent = math.frexp(np.abs(values).max())[1]
    return np.ldexp(values, -exponent), exponent


def _asinh(values: Values, unit: float) -> Values:
    with np.errstate(over="ignore"):
        return np.arcsinh(_held(values / unit))


def _held(values: Values) -> Values:
    """Limit values to the range of float64; NaN stays NaN."""
    return np.clip(values, -LARGEST, LARGEST)
