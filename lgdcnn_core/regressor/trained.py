"""Attributes that every trained model has."""

from lgdcnn_core.models import Network
from lgdcnn_core.regressor.origin import WithOrigin
from lgdcnn_core.training import Compute, Layout, Recipe, Scaling
from lgdcnn_core.training.classes import Classes
from lgdcnn_core.training.conditions import Features


class Trained(WithOrigin):
    """Attributes of a trained model, see `CompositionRegressor`."""

    recipe: str | Recipe
    device: str | None
    classification: bool
    recipe_: Recipe
    compute_: Compute
    networks_: list[Network]
    scaling_: Scaling
    layout_: Layout
    properties_: tuple[str, ...] | None
    classes_: Classes | None
    target_: str | None
    features_: Features
    condition_scaling_: Scaling | None

    @property
    def network_(self) -> Network:
        """Trained network of the first member."""
        return self.networks_[0]
