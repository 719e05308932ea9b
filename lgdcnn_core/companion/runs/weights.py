"""Files of trained networks, which runs keep on request."""

from pathlib import Path

from lgdcnn_core import CompositionRegressor, pretrained
from lgdcnn_core.companion.records import places
from lgdcnn_core.companion.runs.spec import InvalidSpec, JointSpec, RunSpec, differing
from lgdcnn_core.models import CHAINS
from lgdcnn_core.training import TOGETHER


class OutdatedWeights(RuntimeError):
    """A run has weights, but the same specification now means another training."""


def file_of_weights(spec: RunSpec | JointSpec) -> Path:
    """Return the file that keeps a run's trained model, for `CompositionRegressor.load`.

    Raises
    ------
    InvalidSpec
        If the model is a baseline, which is not kept, or comes from a joint training, which has its own file.
    """
    if isinstance(spec, RunSpec) and spec.recipe == TOGETHER.name and spec.source is not None:
        raise InvalidSpec(f"{spec.key} trains nothing: the weights that it measures are those of {spec.source.key}")
    if spec.model not in CHAINS:
        raise InvalidSpec(f"{spec.model} has no weights to keep: its record keeps its predictions")
    return places.weights() / f"{spec.key}.safetensors"


def shipped(spec: RunSpec | JointSpec) -> Path | None:
    """Return the file of the network that comes with the package, if it is that of this training; else None."""
    return pretrained.path("joint") if spec == JointSpec(recipe=TOGETHER.name) else None


def require_current(spec: RunSpec | JointSpec) -> None:
    """Check that the weights of a run were trained with today's recipe of that name.

    Raises
    ------
    OutdatedWeights
        If they were trained with other values.
    """
    recipe = CompositionRegressor.load(file_of_weights(spec), device="cpu").recipe_.as_dict()
    if names := differing(spec.model, recipe, spec.full_recipe().as_dict()):
        raise OutdatedWeights(
            f"the weights of {spec.key} were trained with other values of {', '.join(names)} than "
            f"today's recipe {spec.full_recipe().name!r}: remove {file_of_weights(spec)} to train again"
        )
