"""Everything that is decided before a training starts, except the data."""

from dataclasses import dataclass
from numbers import Integral

from lgdcnn_core.training.batches import Layout
from lgdcnn_core.training.compute import Compute
from lgdcnn_core.training.recipe import Recipe
from lgdcnn_core.training.scaling import Scaling


@dataclass(frozen=True)
class Plan:
    """Everything that decides how a network is trained, except the data.

    Attributes
    ----------
    recipe, layout, scaling, compute
        See their classes.
    seed
        The random numbers of an epoch come from (seed, epoch), so that a resumed training draws the same numbers as an
        uninterrupted one.
    classification
        Targets are numbers of classes.
    stop_after
        Epoch after which the training ends, although the schedule spans all epochs of the recipe. None: the last.

    Raises
    ------
    ValueError
        If the recipe has no epoch `stop_after`.
    """

    recipe: Recipe
    layout: Layout
    scaling: Scaling
    compute: Compute
    seed: int
    classification: bool = False
    stop_after: int | None = None

    def __post_init__(self) -> None:
        last = self.stop_after
        if last is None:
            return
        if isinstance(last, bool) or not isinstance(last, Integral) or not 1 <= last <= self.recipe.epochs:
            raise ValueError(f"stop_after is {last!r}; the recipe has epochs 1 to {self.recipe.epochs}")

    @property
    def epochs(self) -> int:
        """Number of epochs, unless the training stops early."""
        return self.recipe.epochs if self.stop_after is None else self.stop_after
