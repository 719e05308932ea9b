"""Trained networks of runs, kept as files: made when somebody asks for them, and what other trainings start from."""

from collections.abc import Callable
from pathlib import Path

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.models import CHAINS
from lgdcnn_core.runs.spec import RunSpec


class OutdatedWeights(RuntimeError):
    """There are weights of a run, but today the same specification means another training."""


def file_of_weights(spec: RunSpec) -> Path:
    """Name the file in which a run's trained model is kept, for `CompositionRegressor.load`."""
    top = checkout()
    if top is None:
        raise RuntimeError("weights are kept in data/weights of a checkout, and this package is installed without one")
    return top / "data" / "weights" / f"{spec.key}.safetensors"


def trained(spec: RunSpec, make: Callable[[RunSpec], object]) -> Path:
    """Give the file of a run's trained model; if there is none, `make` trains it and keeps its weights.

    Raises
    ------
    OutdatedWeights
        If its recipe has other values than the recipe of that name has today.
    """
    file = file_of_weights(spec)
    if not file.exists():
        make(spec)
    recipe = CompositionRegressor.load(file, device="cpu").recipe_.as_dict()
    if differing := spec.full_recipe().differing(recipe, CHAINS[spec.model].has_transformers):
        raise OutdatedWeights(
            f"the weights of {spec.key} were trained with another {', '.join(differing)} than the recipe "
            f"{spec.recipe!r} has today: remove their file in data/weights to train again"
        )
    return file
