"""Convert the output of a torch module to one (N, d) array per compound."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from lgdcnn_core.cecv.errors import LayerError
from lgdcnn_core.cecv.matrix import as_array
from lgdcnn_core.cecv.picking import is_convolutional

LAYOUTS = ("BNd", "NBd", "BdN")
"""Orders of a tensor's axes: B compounds, N positions, d features."""


def own_layout(module: nn.Module) -> str | None:
    """Return the layout that a module declares by its type or ``batch_first``; None if it declares none.

    Modules with a paper name (``cecv_layer``) are our own blocks, whose layout is (B, N, d).
    """
    if isinstance(getattr(module, "cecv_layer", None), str):
        return "BNd"
    if isinstance(module, nn.Conv1d):
        return "BdN"
    if isinstance(module, nn.TransformerEncoder | nn.TransformerDecoder):
        return own_layout(module.layers[0])
    for holder in (module, getattr(module, "self_attn", None)):
        batch_first = getattr(holder, "batch_first", None)
        if isinstance(batch_first, bool):
            return "BNd" if batch_first else "NBd"
    return None


def checked_lengths(lengths: ArrayLike | torch.Tensor) -> NDArray[np.int64]:
    """Return the numbers of real positions, (B,), as integers, or raise `LayerError`."""
    array = as_array(lengths)
    if array.ndim != 1 or not len(array) or not np.issubdtype(array.dtype, np.integer) or array.min() < 1:
        raise LayerError(f"lengths must be one positive whole number per compound, (B,), not {lengths!r}")
    return array.astype(np.int64)


def as_tensor(output: object, name: str) -> torch.Tensor | PackedSequence:
    """Return the features in a layer's output: the output itself, or the first item of a tuple or list.

    LSTM, GRU and MultiheadAttention return tuples whose first item is their output at every position.

    Raises
    ------
    LayerError
        If there is neither a tensor nor a `PackedSequence`.
    """
    # A PackedSequence is itself a tuple, so it comes first.
    if isinstance(output, torch.Tensor | PackedSequence):
        return output
    if isinstance(output, tuple | list) and len(output):
        return as_tensor(output[0], name)
    raise LayerError(
        f"layer {name} returned {type(output).__name__}: only a tensor, a PackedSequence, or a "
        f"tuple that starts with one can be read; leave it out with layers=[...]"
    )


def per_compound(
    output: torch.Tensor | PackedSequence,
    lengths: NDArray[np.int64],
    width: int,
    module: nn.Module,
    name: str,
    layout: str | None,
) -> list[NDArray[np.generic]]:
    """Return a layer's output as one (N, d) array per compound: real positions only, compounds in order.

    Parameters
    ----------
    output
        A tensor with three axes, or a `PackedSequence`, with or without padding. If it has unsorted indices, its
        compounds are put back in the order of the input.
    lengths
        Numbers of real positions, which come first in each compound, (B,).
    width
        N of the padded batch. A tensor's N is this, or the longest length.
    layout
        One of `LAYOUTS`. None: for a convolutional block the shape decides; for any other it is "BNd".

    Raises
    ------
    LayerError
        If the shape does not fit this batch.
    """
    if isinstance(output, PackedSequence):
        padded = _unpacked(output, lengths, name)
    else:
        padded = _batch_first(output, lengths, width, module, name, layout)
    # numpy has no bfloat16, and float16 gains nothing.
    array = padded.detach().to("cpu", torch.promote_types(padded.dtype, torch.float32)).numpy()
    return [array[row, :length] for row, length in enumerate(lengths)]


def _unpacked(output: PackedSequence, lengths: NDArray[np.int64], name: str) -> torch.Tensor:
    """Convert a packed batch to (B, N, d), with each compound back in its place."""
    padded, packed = pad_packed_sequence(output, batch_first=True)
    if len(packed) != len(lengths):
        raise LayerError(f"layer {name} returned a PackedSequence of {len(packed)} compounds, not of {len(lengths)}")
    short = packed.numpy() < lengths
    if short.any():
        bad = int(np.argmax(short))
        raise LayerError(
            f"layer {name} returned a PackedSequence with {int(packed[bad])} positions for compound {bad} of the "
            f"batch, which has {lengths[bad]} elements: compounds were cut, or sorted without unsorted_indices, or "
            "belong to another batch"
        )
    return padded


def _batch_first(
    output: torch.Tensor,
    lengths: NDArray[np.int64],
    width: int,
    module: nn.Module,
    name: str,
    layout: str | None,
) -> torch.Tensor:
    """Convert a tensor to (B, N, d)."""
    if output.is_nested:
        output = torch.nested.to_padded_tensor(output, 0.0)
    positions = {width, int(lengths.max())}

    def fits(candidate: str) -> bool:
        axes = dict(zip(candidate, output.shape, strict=True)) if output.dim() == 3 else {}
        return axes.get("B") == len(lengths) and axes.get("N") in positions

    if layout is None and is_convolutional(module):
        options = [candidate for candidate in ("BNd", "BdN") if fits(candidate)]
        # Where both fit, guessing could differ from one batch to the next.
        layout = options[0] if len(options) == 1 else None
    elif layout is None:
        layout = "BNd"
    if layout is None or not fits(layout):
        raise LayerError(
            f"layer {name} returned shape {tuple(output.shape)} for B = {len(lengths)} compounds of up to "
            f"N = {width} positions, which cannot be read{'' if layout is None else f' as {layout}'}: give "
            f"its order of axes, such as layout={{{name!r}: 'BdN'}}, one of {', '.join(LAYOUTS)}, or "
            f"leave it out with layers=[...] if it is not one row per position"
        )
    return output.permute(layout.index("B"), layout.index("N"), layout.index("d"))
