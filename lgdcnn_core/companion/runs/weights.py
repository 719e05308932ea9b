"""Files of trained networks, which runs keep on request."""

from pathlib import Path

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.companion.records import places
from lgdcnn_core.companion.runs.spec import JointSpec, RunSpec
from lgdcnn_core.models import CHAINS


class OutdatedWeights(RuntimeError):
    """There are weights of a run, but today the same specification means another training."""


def file_of_weights(spec: RunSpec | JointSpec) -> Path:
    """Name the file in which a run's trained model is kept, for `CompositionRegressor.load`."""
    return places.weights() / f"{spec.key}.safetensors"


def require_current(spec: RunSpec | JointSpec) -> None:
    """Compare the recipe of the weights of a run with the recipe of that name today.

    Raises
    ------
    OutdatedWeights
        If they differ.
    """
    recipe = CompositionRegressor.load(file_of_weights(spec), device="cpu").recipe_.as_dict()
    if differing := spec.full_recipe().differing(recipe, CHAINS[spec.model].has_transformers):
        raise OutdatedWeights(
            f"the weights of {spec.key} were trained with another {', '.join(differing)} than the recipe "
            f"{spec.full_recipe().name!r} has today: remove {file_of_weights(spec)} to train again"
        )
