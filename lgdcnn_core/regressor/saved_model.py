"""Save and read a trained model as one safetensors file: weights, and a header with everything needed to use them."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from lgdcnn_core.elements import ElementTable
from lgdcnn_core.files import written_whole
from lgdcnn_core.models import Network, chain
from lgdcnn_core.regressor.nearness import TrainingCompounds
from lgdcnn_core.regressor.start import n_targets

HEADER = "CompositionRegressor"
HASH = "sha256"
"""Within the description, since safetensors writes several entries of a header in random order."""

COMPOUNDS = "training_compounds."
"""Prefix of tensors that belong to no network."""

_MEMBER = re.compile(r"member(\d+)\.(.+)")
"""Name of a tensor in an ensemble. The tensors of a single network have no such prefix."""


class NotASavedModel(ValueError):
    """The file is not a saved model, or was changed after it was saved."""


def write(
    path: Path,
    description: Mapping[str, Any],
    networks: Sequence[Network],
    half: bool = False,
    compounds: TrainingCompounds | None = None,
) -> Path:
    """Write a model to a file, which appears whole or not at all. Equal models give equal bytes.

    Parameters
    ----------
    path
        The file.
    description
        Plain values. ``parameters`` holds the name of the network and of its element table, as in
        `CompositionRegressor`; ``properties`` holds the names of the properties, if it predicts several, and
        ``classes`` the class labels of a classification; ``features`` holds the ``names`` of its conditions, if any.
    networks
        Networks of one kind. The tensors of a single network keep their names; the tensors of several networks get the
        prefix ``member<number>.``, counted from 0.
    half
        Round the weights to bfloat16, which halves the file. Tables that are not trained stay as they are, and so does
        the head: it has few weights, and rounding them shifts all predictions.
    compounds
        The training compounds, to be kept too.

    Raises
    ------
    OSError
        If the disk is full or read-only; the message names the file.
    """
    tensors = {
        key if len(networks) == 1 else f"member{number}.{key}": value.detach().cpu().contiguous()
        for number, network in enumerate(networks)
        for key, value in (_halved(network) if half else network.state_dict()).items()
    }
    if compounds is not None:
        tensors |= {COMPOUNDS + key: value for key, value in compounds.tensors().items()}
    described = {**description, "known_elements": np.flatnonzero(networks[0].elements.known).tolist()}
    header = json.dumps({**described, HASH: sha256_of(json.dumps(described), tensors)})
    with written_whole(path) as partial:
        try:
            # Not save_file: it has a temporary file of its own, which a kill would leave behind for good.
            partial.write_bytes(save(tensors, metadata={HEADER: header}))
        except OSError as error:
            raise OSError(error.errno, f"the model could not be written: {error.strerror}", str(path)) from error
    return path


def read(path: Path) -> tuple[dict[str, Any], list[Network], TrainingCompounds | None]:
    """Return a model's description, its networks and training compounds, after a check of their hash.

    No code in the file is run.

    Files from versions that wrote no hash are read without this check.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    NotASavedModel
        If the file is not a saved model, or was damaged or changed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no saved model at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {})[HEADER]
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        description = dict(json.loads(header))
    except Exception as error:
        raise NotASavedModel(f"{path} is not a model saved by CompositionRegressor.save: {error}") from error
    stated = description.pop(HASH, None)
    if stated is not None and stated != (found := sha256_of(json.dumps(description), tensors)):
        raise NotASavedModel(f"{path} was damaged or changed: its sha256 is {found}, and it states {stated}")
    try:
        kept = {key.removeprefix(COMPOUNDS): tensors.pop(key) for key in list(tensors) if key.startswith(COMPOUNDS)}
        compounds = TrainingCompounds.from_tensors(kept) if kept else None
        return description, [_network(description, state) for state in _by_member(tensors)], compounds
    except Exception as error:
        raise NotASavedModel(f"{path} describes no network that this version knows: {error}") from error


def sha256_of(header: str, tensors: Mapping[str, Tensor]) -> str:
    """Hash the description and the names, types, shapes and values of the tensors."""
    found = hashlib.sha256(header.encode())
    for key, value in sorted(tensors.items()):
        found.update(f"\n{key} {value.dtype} {tuple(value.shape)}\n".encode())
        # numpy has no bfloat16.
        found.update((value.view(torch.int16) if value.dtype == torch.bfloat16 else value).cpu().numpy().data)
    return found.hexdigest()


def _halved(network: Network) -> dict[str, Tensor]:
    trained = {name for name, _ in network.named_parameters() if not name.startswith("head.")}
    return {key: value.bfloat16() if key in trained else value for key, value in network.state_dict().items()}


def _network(description: Mapping[str, Any], state: Mapping[str, Tensor]) -> Network:
    vectors = state["embedding.element_vectors"].numpy()
    known = np.zeros(len(vectors), dtype=bool)
    known[description["known_elements"]] = True
    parameters = description["parameters"]
    table = ElementTable(parameters["elements"], vectors, known)
    number = n_targets(description.get("properties"), description.get("classes"))
    n_conditions = len(description.get("features", {}).get("names", ()))
    network = Network(chain(parameters["model"]), table, number, n_conditions)
    network.load_state_dict(state)
    return network


def _by_member(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Return the tensors of each network, in the order of their numbers."""
    members: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = found.groups() if (found := _MEMBER.fullmatch(key)) else ("0", key)
        members.setdefault(int(number), {})[name] = value
    return [members[number] for number in sorted(members)]
