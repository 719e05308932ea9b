"""All that is decided before a training starts, but for the data."""

from dataclasses import asdict, dataclass
from typing import Any

from lgdcnn_core.models import Network
from lgdcnn_core.training.batches import Layout
from lgdcnn_core.training.compute import Compute
from lgdcnn_core.training.recipe import Recipe
from lgdcnn_core.training.scaling import Scaling


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Attributes
    ----------
    recipe, layout, scaling, compute
        See their classes.
    seed
        Everything that is drawn in an epoch comes from (seed, epoch), so that a resumed training goes on with the
        same numbers as an uninterrupted one.
    classification
        Targets are classes 0 and 1.
    stop_after
        Epochs after which the training ends; the schedule spans the recipe's epochs all the same. None: all of them.

    Raises
    ------
    ValueError
        If there is no such epoch.
    """

    recipe: Recipe
    layout: Layout
    scaling: Scaling
    compute: Compute
    seed: int
    classification: bool = False
    stop_after: int | None = None

    def __post_init__(self) -> None:
        if self.stop_after is not None and not 1 <= self.stop_after <= self.recipe.epochs:
            raise ValueError(f"stop_after is {self.stop_after}; the recipe has epochs 1 to {self.recipe.epochs}")

    @property
    def epochs(self) -> int:
        """Epochs that are trained, unless the training stops early."""
        return self.recipe.epochs if self.stop_after is None else self.stop_after

    def fingerprint(self, network: Network, n_train: int, n_val: int) -> dict[str, Any]:
        """Plain values that tell this training from another; not the device, which may change on the way."""
        return {
            "recipe": self.recipe.as_dict(),
            "layout": asdict(self.layout),
            "scaling": asdict(self.scaling),
            "seed": self.seed,
            "n_train": n_train,
            "n_val": n_val,
            "parameters": sum(p.numel() for p in network.parameters()),
        }
