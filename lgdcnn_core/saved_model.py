"""A trained model as one safetensors file: its weights, and in the header all that is needed to use them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from lgdcnn_core.elements import ElementTable
from lgdcnn_core.models import Network, chain

HEADER = "CompositionRegressor"

_MEMBER = re.compile(r"member(\d+)\.(.+)")
"""Tensor of a network of an ensemble. No tensor of a network is called so: blocks have a prefix of their own."""


class NotASavedModel(ValueError):
    """A file that `write` did not write."""


def write(path: Path, description: Mapping[str, Any], networks: Sequence[Network]) -> Path:
    """Write a model.

    Parameters
    ----------
    path
        The file.
    description
        Plain values. ``parameters`` has the network's name and its element table's, as `CompositionRegressor` has them;
        ``properties`` the names of the properties, if it predicts several.
    networks
        All of one kind. The tensors of a single one keep their names; those of several get the prefix
        ``member<number>.``, counted from 0.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        key if len(networks) == 1 else f"member{number}.{key}": value.contiguous()
        for number, network in enumerate(networks)
        for key, value in network.state_dict().items()
    }
    header = {**description, "known_elements": np.flatnonzero(networks[0].elements.known).tolist()}
    save_file(tensors, path, metadata={HEADER: json.dumps(header)})
    return path


def read(path: Path) -> tuple[dict[str, Any], list[Network]]:
    """Read a model's description and its networks; no code in the file is run.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    NotASavedModel
        If the file is something else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no saved model at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            description = json.loads((file.metadata() or {})[HEADER])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except Exception as error:
        raise NotASavedModel(f"{path} is not a model saved by CompositionRegressor.save: {error}") from error
    return description, [_network(description, state) for state in _by_member(tensors)]


def _network(description: Mapping[str, Any], state: Mapping[str, Tensor]) -> Network:
    vectors = state["embedding.element_vectors"].numpy()
    known = np.zeros(len(vectors), dtype=bool)
    known[description["known_elements"]] = True
    parameters = description["parameters"]
    table = ElementTable(parameters["elements"], vectors, known)
    network = Network(chain(parameters["model"]), table, len(description.get("properties") or [""]))
    network.load_state_dict(state)
    return network


def _by_member(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Tensors of each network, in the order of their numbers."""
    members: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = found.groups() if (found := _MEMBER.fullmatch(key)) else ("0", key)
        members.setdefault(int(number), {})[name] = value
    return [members[number] for number in sorted(members)]
