"""Convert published checkpoints to our parameter names and layouts, and back.

This covers the published implementation of the paper (GitHub dhw059/DeepModelFusion) and CrabNet's. Our implementation
is independent: this module uses only their names and shapes, and none of their code.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lgdcnn_core.elements import ElementTable
from lgdcnn_core.models.networks import CHAINS, Network, UnknownNetwork
from lgdcnn_core.models.reading import UnreadableFile, without_code

TABLES = {"encoder.embed.cbfv.weight", "encoder.pe.pe", "encoder.ple.pe"}
"""Published names of the frozen tables; everything else in a state dict is trained."""

_EMBEDDING = {
    "encoder.embed.fc_mat2vec.": "embedding.projection.",
    "encoder.emb_scaler": "embedding.element_scale",
    "encoder.pos_scaler": "embedding.linear_scale",
    "encoder.pos_scaler_log": "embedding.log_scale",
}
_TRANSFORMER = {
    **{f"encoder.transformer_encoder.layers.{i}.": f"blocks.transformer_{i + 1}." for i in range(3)},
    "output_nn.fcs.": "head.outputs.layers.",
    "output_nn.res_fcs.": "head.outputs.shortcuts.",
    "output_nn.fc_out.": "head.outputs.out.",
}


class CheckpointMismatch(ValueError):
    """The published checkpoint does not belong to the named network."""


class PublishedModel(NamedTuple):
    """A network read from a published checkpoint, with the standardisation of its targets (in the property's unit)."""

    name: str
    network: Network
    mean: float
    std: float


def _dcnn(published: str, ours: str) -> dict[str, str]:
    """Return the prefixes of a DCNN's parameters."""
    names = {f"{published}convert_conv.0.": f"{ours}convert.linear."}
    for block in range(3):
        names[f"{published}convs.{block}.1."] = f"{ours}blocks.{block}.first.linear."
        names[f"{published}convs.{block}.3."] = f"{ours}blocks.{block}.second.linear."
    return names


def _prefixes(name: str) -> dict[str, str]:
    """Map published prefixes (or whole names) to ours, for the trained parameters of a network."""
    if name == "CrabNet":
        return _EMBEDDING | _TRANSFORMER
    head = {"output_nn.fc_out.": "head.outputs."}
    fusion = "encoder.multi_lstm_dpcnnmodify."
    if name == "LSTM":
        blocks = {"encoder.textrnn.rnn.": "blocks.LSTM.rnn."}
    elif name in ("DCNN", "DCNN-K1"):
        blocks = _dcnn("encoder.dpcnnmodify.", f"blocks.{name}.")
    elif name == "L-DCNN":
        blocks = {f"{fusion}rnn.": "blocks.LSTM.rnn."} | _dcnn(fusion, "blocks.DCNN.")
    else:
        blocks = {
            f"{fusion}rnn1.": "blocks.LSTM.rnn.",
            f"{fusion}rnn.": "blocks.GRU.rnn.",
            f"{fusion}projection.": "blocks.attention.score.",
        } | _dcnn(fusion, "blocks.DCNN.")
    return _EMBEDDING | head | blocks


def _names(name: str, network: Network) -> Iterator[tuple[str, str]]:
    """Yield the pairs (published name, our name) of all trained parameters."""
    prefixes = _prefixes(name)
    for ours, _ in network.named_parameters():
        # The longest prefix that fits, so that "embedding.log_scale" is not taken for a shorter one.
        fits = [(new, old) for old, new in prefixes.items() if ours.startswith(new)]
        new, old = max(fits, key=lambda pair: len(pair[0]))
        yield old + ours.removeprefix(new), ours


def _kernel_first(ours: str, network: Network) -> int | None:
    """Return the kernel of the convolution with this weight; None if the weight is not a convolution's."""
    if not ours.endswith(".linear.weight"):
        return None
    return int(network.get_submodule(ours.removesuffix(".linear.weight")).kernel)  # type: ignore[arg-type]


def to_published(name: str, module: Network) -> dict[str, Tensor]:
    """Return the state dict of a network with the published names and layouts.

    Parameters
    ----------
    name
        Name of the network, as for `lgdcnn_core.models.build`.
    module
        That network.
    """
    _require_known(name)
    state = module.state_dict()
    table = module.embedding.stoichiometry
    published = {
        "encoder.embed.cbfv.weight": state["embedding.element_vectors"],
        "encoder.pe.pe": table,
        "encoder.ple.pe": table,
    }
    for old, ours in _names(name, module):
        value = state[ours]
        kernel = _kernel_first(ours, module)
        if kernel is not None:  # (out, kernel * in) -> Conv1d's (out, in, kernel)
            value = value.view(len(value), kernel, -1).transpose(1, 2).contiguous()
        published[old] = value
    return published


def from_published(name: str, state_dict: Mapping[str, Tensor]) -> Network:
    """Return a network with the weights of a published state dict, in their precision.

    L-G-DCNN and L-G-DCNN-v1 have the same names and shapes, so the caller must name the network.

    Parameters
    ----------
    name
        Name of the network, as for `lgdcnn_core.models.build`.
    state_dict
        Published names -> tensors, the frozen tables included.

    Raises
    ------
    CheckpointMismatch
        If a key is missing, unexpected, or of another shape, or if the tables are not this network's.
    """
    _require_known(name)
    element_key = "encoder.embed.cbfv.weight"
    if element_key not in state_dict:
        raise CheckpointMismatch(f"not a published checkpoint of {name}: {element_key} is missing")
    vectors = state_dict[element_key]
    numpy_vectors = vectors.detach().float().cpu().numpy()
    module = Network(CHAINS[name], ElementTable("published", numpy_vectors, np.any(numpy_vectors != 0, axis=1)))
    module = module.to(next(v.dtype for k, v in state_dict.items() if k not in TABLES))
    expected = to_published(name, module)
    _require_same_shapes(name, expected, state_dict)
    for key in sorted(TABLES - {element_key}):
        if not torch.allclose(state_dict[key].to(expected[key]), expected[key], rtol=0, atol=1e-6):
            raise CheckpointMismatch(f"{key} is not the stoichiometry table of {name}")

    ours = {"embedding.element_vectors": vectors}
    for old, new in _names(name, module):
        value = state_dict[old]
        ours[new] = value if _kernel_first(new, module) is None else value.transpose(1, 2).flatten(1)
    module.load_state_dict(ours)
    # The stoichiometry table comes from the checkpoint: the last bit of a sine may differ between machines.
    module.embedding.stoichiometry.copy_(state_dict["encoder.pe.pe"])
    return module


def load_published(path: str | Path, name: str | None = None) -> PublishedModel:
    """Read a published checkpoint file, {'weights', 'scaler_state', 'model_name'}, without running code in it.

    Parameters
    ----------
    path
        The file.
    name
        Name of the network; None takes the file's own ``model_name``.

    Raises
    ------
    CheckpointMismatch
        If the file has other entries, or belongs to another network.
    """
    try:
        content = without_code(path)
    except UnreadableFile as error:
        raise CheckpointMismatch(f"{path} is not a published checkpoint: {error}") from None
    expected = {"weights", "scaler_state"} | ({"model_name"} if name is None else set())
    missing = expected - set(content) if isinstance(content, dict) else expected
    if missing:
        raise CheckpointMismatch(f"{path} is not a published checkpoint: {', '.join(sorted(missing))} missing")
    name = name or str(content["model_name"])
    try:
        weights = dict(content["weights"])
        mean, std = (float(content["scaler_state"][each]) for each in ("mean", "std"))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointMismatch(f"{path} is not a published checkpoint: weights or scaler_state: {error!r}") from error
    return PublishedModel(name, from_published(name, weights), mean, std)


def _require_known(name: str) -> None:
    if name not in CHAINS:
        raise UnknownNetwork(f"no network is called {name!r}; name the checkpoint's network: {', '.join(CHAINS)}")


def _require_same_shapes(name: str, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    problems = [f"missing: {key}" for key in expected if key not in found]
    problems += [f"unexpected: {key}" for key in found if key not in expected]
    problems += [
        f"{key}: expected {tuple(value.shape)}, found {tuple(found[key].shape)}"
        for key, value in expected.items()
        if key in found and found[key].shape != value.shape
    ]
    if problems:
        raise CheckpointMismatch(f"the checkpoint does not belong to {name}:\n  " + "\n  ".join(problems))
