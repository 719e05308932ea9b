"""Compositions with their targets, as a training takes them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition.compositions import Labels
from lgdcnn_core.training.batches import Layout


@dataclass(frozen=True)
class Labelled:
    """Compositions with their targets.

    Attributes
    ----------
    compositions
        B compositions.
    targets
        (B,) float64: a property in its unit, or the number of a class. For several properties, (B, K), NaN where one is
        not known. Where rows of two classes were merged, the share of class 1.
    weights
        Weight of each target in the loss, of the shape of `targets`, 0 where one is not known. None: all weigh
        the same.
    properties
        Names of several properties; None for a single one.
    conditions
        (B, C) float64: conditions of each row, such as a temperature; None where there are none.
    classes
        Labels of the classes, by number; None in regression.
    name
        Name of a single property, if its column has one.
    labels
        Index labels of the rows that were given, to which `Compositions.rows` point; None where there are none.
    """

    compositions: Compositions
    targets: NDArray[np.float64]
    properties: tuple[str, ...] | None = None
    labels: Labels = None
    weights: NDArray[np.float64] | None = None
    conditions: NDArray[np.float64] | None = None
    classes: NDArray[Any] | None = None
    name: str | None = None

    def __len__(self) -> int:
        return len(self.compositions)

    def __getitem__(self, rows: NDArray[np.int64]) -> "Labelled":
        columns = {"targets": self.targets, "weights": self.weights, "conditions": self.conditions}
        chosen = {name: values[rows] for name, values in columns.items() if values is not None}
        return replace(self, compositions=self.compositions[rows], **chosen)  # type: ignore[arg-type]

    def in_order(self, layout: Layout) -> "Labelled":
        """Return the same data with each compound's elements in the order that the network reads."""
        return replace(self, compositions=layout.ordered(self.compositions))
