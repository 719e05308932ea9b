"""The fingerprint of a training: plain values that show whether a checkpoint belongs to it."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.models import Network
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.plan import Plan


def fingerprint(plan: Plan, network: Network, train_data: Labelled, val_data: Labelled | None) -> dict[str, Any]:
    """Return everything that decides the numbers of a training, before it starts.

    The device is left out, because it may change when a training resumes. `Plan.stop_after` is left out too, because it
    decides only where the training ends.

    Parameters
    ----------
    plan, train_data, val_data
        As in `train`.
    network
        The network, with the weights from which training starts.
    """
    weights = dict(network.state_dict())
    elements = weights.pop("embedding.element_vectors")
    return {
        "recipe": plan.recipe.as_dict(),
        "setting": asdict(plan.layout),
        "standardisation": asdict(plan.scaling),
        "classification": plan.classification,
        "seed": plan.seed,
        "network": asdict(network.chain),
        "element vectors": _digest([elements.cpu().numpy()]),
        "initial weights": _digest(value.cpu().numpy() for _, value in sorted(weights.items())),
        "training data": _digest(_arrays(train_data)),
        "validation data": None if val_data is None else _digest(_arrays(val_data)),
    }


def _arrays(data: Labelled) -> list[NDArray[Any]]:
    given = data.compositions
    of_rows = [data.targets, data.weights, data.conditions]
    arrays: list[NDArray[Any] | None] = [given.atomic_numbers, given.fractions, given.lengths, *of_rows]
    return [array for array in arrays if array is not None]


def _digest(arrays: Iterable[NDArray[Any]]) -> str:
    """Hash arrays: their types, shapes and values."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()
