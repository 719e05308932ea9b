"""What a network learns in place of the targets, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.training.recipe import LearntTargets

LONG_TAILS = 2.0
"""See `Scaling.of`."""

NORMAL_QUARTILES = 1.349
"""Distance of the quartiles of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Scaling:
    """What the network learns in place of the targets, and the way back.

    The targets are standardised; those with long tails are taken as asinh(target / unit) before that, which is linear
    for small targets and logarithmic for large ones of either sign. The network learns conditional medians, which an
    increasing function does not change. Classification is not standardised: (0, 1).

    Attributes
    ----------
    mean, std
        Mean and standard deviation (ddof = 1) of the training targets: in the property's unit, or of asinh. Of several
        properties one each, (K,).
    unit
        Target that asinh takes as 1, the median magnitude of the training targets; None: the targets are as they are,
        as those of several properties always are.
    """

    mean: float | tuple[float, ...]
    std: float | tuple[float, ...]
    unit: float | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Scaling":
        """Make it of plain values, in which a tuple may have become a list."""
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**plain)

    @classmethod
    def of(cls, targets: NDArray[np.float64], classification: bool, learnt: LearntTargets = "as they are") -> "Scaling":
        """Scaling of these training targets; identical targets have no spread and are only centred.

        Tails are long if the standard deviation is more than `LONG_TAILS` times what the quartiles let expect of a
        normal distribution.
        """
        if classification:
            return cls(0.0, 1.0)
        if targets.ndim == 2:
            each = [cls.of(column[np.isfinite(column)], False) for column in targets.T]
            return cls(tuple(one.mean for one in each), tuple(one.std for one in each))  # type: ignore[misc]
        unit = None
        if learnt == "asinh of long tails":
            low, high = np.percentile(targets, [25, 75])
            if np.std(targets) > LONG_TAILS * (high - low) / NORMAL_QUARTILES:
                unit = float(np.median(np.abs(targets))) or None
        plain = targets if unit is None else np.arcsinh(targets / unit)
        std = float(np.std(plain, ddof=1)) if len(targets) > 1 else 0.0
        return cls(float(np.mean(plain)), std or 1.0, unit)

    def learnt(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give what the network learns: (B,) or (B, K) in the properties' units -> the same, standardised."""
        plain = targets if self.unit is None else np.arcsinh(targets / self.unit)
        return (plain - np.asarray(self.mean)) / np.asarray(self.std)

    def predicted(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Undo `learnt`: standardised predictions -> the property's unit."""
        plain = value * np.asarray(self.std) + np.asarray(self.mean)
        return plain if self.unit is None else np.sinh(plain) * self.unit

    def uncertainty(self, value: NDArray[np.float64], log_uncertainty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the standard deviation of a prediction in the property's unit; for asinh, to first order about it."""
        std = np.exp(log_uncertainty) * np.asarray(self.std)
        if self.unit is None:
            return std
        return std * np.cosh(value * np.asarray(self.std) + np.asarray(self.mean)) * self.unit
