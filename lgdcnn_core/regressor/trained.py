"""Attributes that every trained model has."""

import re

from lgdcnn_core.models import Network
from lgdcnn_core.regressor.calibration import Calibration
from lgdcnn_core.regressor.nearness import TrainingCompounds
from lgdcnn_core.regressor.origin import WithOrigin
from lgdcnn_core.training import Compute, Layout, Recipe, Scaling
from lgdcnn_core.training.classes import Classes
from lgdcnn_core.training.conditions import Features

_UNIT = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$")


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
    units_: tuple[str, ...]
    calibration_: Calibration | None
    training_compounds_: TrainingCompounds

    @property
    def target_names_(self) -> tuple[str, ...]:
        """Names of the properties; for a single one, that of its column, or ``target``."""
        return self.properties_ or (self.target_ or "target",)

    @property
    def network_(self) -> Network:
        """Trained network of the first member."""
        return self.networks_[0]


def unit_in(name: str) -> str:
    """Return the unit at the end of a name, ``K`` of ``Tc (K)``; empty if there is none."""
    found = _UNIT.search(name)
    return found[1].strip() if found else ""
