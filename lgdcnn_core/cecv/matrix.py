"""The element feature matrix (EFM): how similar a layer makes the elements of one compound."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from lgdcnn_core.cecv.errors import CECVError

SIZES = (3, 4, 5, 6, 7)
"""Numbers of distinct elements over which the paper's CECV sums; binary compounds are optional."""

# 256 compounds of 7 elements and 512 features are 7 MB in float64: the intermediates stay small.
_CHUNK = 256

# Features of order 1 whose deviation is below this differ only by float64 rounding: the layers' own
# float32 resolves 1e-7, so no real variation is ever lost.
_ROUNDING = 1e-12


def as_array(values: ArrayLike | torch.Tensor) -> NDArray[np.generic]:
    """Return an array or tensor as a numpy array, whatever its device or graph."""
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy()
    return np.asarray(values)


def efm(layer_output: ArrayLike | torch.Tensor, compounds: Sequence[object] | None = None) -> NDArray[np.float64]:
    """Return the element feature matrix (EFM) of one compound, or of many compounds of one size.

    Every feature is standardised over the compound's N elements (zero mean, ddof = 1), then the elements'
    rows are correlated (Pearson). Binary compounds are not standardised: two standardised rows always
    correlate at -1.

    Three cases have no finite value by the published definition:

    - A feature that is the same on all elements of a compound (a dead ReLU) has no standard deviation and
      says nothing about the elements. It is left out for that compound.
    - A row that is constant over the features correlates with nothing: its entries are 0, and 1 with itself.
      Identical elements, or fewer than two remaining features, therefore give the identity.
    - One element (N = 1) gives the matrix [[1]].

    Parameters
    ----------
    layer_output
        Features of the real elements, (N, d) for one compound or (n, N, d) for n compounds; d >= 2.
    compounds
        Names of the n compounds for error messages; by default their positions.

    Returns
    -------
    ndarray
        (N, N) or (n, N, N), float64, symmetric, ones on the diagonal, entries in [-1, 1].

    Raises
    ------
    CECVError
        If the shape is different, or a feature is NaN or infinite; the message names the compound.

    Notes
    -----
    Source: doi:10.1021/acs.jctc.4c00187, the section on CECV.
    """
    features = as_array(layer_output)
    if features.ndim not in (2, 3) or features.shape[-2] < 1 or features.shape[-1] < 2:
        raise CECVError(
            f"an EFM needs a layer's output of shape (N, d) or (n, N, d) with N >= 1 elements and d >= 2 "
            f"features, not {features.shape}"
        )
    if features.ndim == 2:
        return efm(features[None], compounds)[0]
    n, size, _ = features.shape
    if compounds is not None and len(compounds) != n:
        raise CECVError(f"{len(compounds)} names were given for {n} compounds")
    matrices = np.empty((n, size, size))
    for start in range(0, n, _CHUNK):
        chunk = features[start : start + _CHUNK].astype(np.float64)
        finite = np.isfinite(chunk).all(axis=(1, 2))
        if not finite.all():
            bad = start + int(np.argmin(finite))
            name = bad if compounds is None else compounds[bad]
            raise CECVError(f"the layer's output for compound {name} is NaN or infinite")
        matrices[start : start + _CHUNK] = _correlate(chunk)
    return matrices


def _correlate(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the EFMs (n, N, N) of features (n, N, d)."""
    size = features.shape[1]
    if size > 2:
        # We compare the values, not their computed deviation, because this is exact: 0.1 + 0.1 + 0.1 is not 3 * 0.1.
        varies = np.ptp(features, axis=1, keepdims=True) > 0
        deviation = np.where(varies, features - features.mean(axis=1, keepdims=True), 0.0)
        rows = deviation / np.where(varies, features.std(axis=1, ddof=1, keepdims=True), 1.0)
        kept = varies.sum(axis=2, keepdims=True)
        rows = np.where(varies, rows - rows.sum(axis=2, keepdims=True) / np.maximum(kept, 1), 0.0)
        constant = np.abs(rows).max(axis=2) <= _ROUNDING
    else:
        rows = features - features.mean(axis=2, keepdims=True)
        constant = np.ptp(features, axis=2) == 0
    rows[constant] = 0.0
    length = np.sqrt(np.einsum("nij,nij->ni", rows, rows))
    rows /= np.where(constant, 1.0, length)[:, :, None]
    matrices = rows @ rows.transpose(0, 2, 1)
    matrices = np.clip((matrices + matrices.transpose(0, 2, 1)) / 2, -1.0, 1.0)
    matrices[:, np.arange(size), np.arange(size)] = 1.0
    return matrices


def efms_by_size(
    layer_outputs: Mapping[int, ArrayLike | torch.Tensor] | Sequence[ArrayLike | torch.Tensor],
    sizes: Sequence[int] = SIZES,
) -> dict[int, NDArray[np.float64]]:
    """Return the EFMs of a layer's outputs by compound size, in data-set order.

    Parameters
    ----------
    layer_outputs
        One (N, d) array per compound, in data-set order; or one (n, N, d) array for each size N.
    sizes
        Numbers of elements N to take; compounds of any other size are left out.

    Returns
    -------
    dict
        For each size in `sizes`, an array (n, N, N); n = 0 if there is no such compound.

    Raises
    ------
    CECVError
        If an output has another shape, holds NaN, or has another d than the others.
    """
    if isinstance(layer_outputs, Mapping):
        for size, stack in layer_outputs.items():
            shape = as_array(stack).shape
            if len(shape) != 3 or shape[1] != size:
                raise CECVError(f"the outputs of size {size} have shape {shape}, not (n, {size}, d)")
        return {
            size: efm(layer_outputs[size]) if size in layer_outputs else np.empty((0, size, size)) for size in sizes
        }
    arrays = [as_array(output) for output in layer_outputs]
    widths = {array.shape[1:] for array in arrays}
    for number, array in enumerate(arrays):
        if array.ndim != 2:
            raise CECVError(f"the layer's output for compound {number} has shape {array.shape}, not (N, d)")
    if len(widths) > 1:
        raise CECVError(f"the compounds have different numbers of features d: {sorted(widths)}")
    result = {}
    for size in sizes:
        members = [number for number, array in enumerate(arrays) if len(array) == size]
        result[size] = (
            efm(np.stack([arrays[number] for number in members]), members) if members else np.empty((0, size, size))
        )
    return result
