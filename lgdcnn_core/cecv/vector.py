"""The Chemical Environment Clustering Vector (CECV): how finely a layer distinguishes environments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from lgdcnn_core.cecv.clustering import THRESHOLDS, clusters
from lgdcnn_core.cecv.errors import CECVError
from lgdcnn_core.cecv.matrix import SIZES, efms_by_size


@dataclass(frozen=True, eq=False)
class CECV:
    """Numbers of clusters of one layer's EFMs at each threshold.

    Attributes
    ----------
    thresholds
        The T thresholds.
    sizes
        The S numbers of elements N over which the CECV sums.
    counts_by_size
        Numbers of clusters, (T, S).
    compounds_by_size
        Numbers of compounds, (S,).
    rule
        The clustering rule, see `clusters`.
    """

    thresholds: tuple[float, ...]
    sizes: tuple[int, ...]
    counts_by_size: NDArray[np.intp]
    compounds_by_size: NDArray[np.intp]
    rule: str

    @property
    def counts(self) -> NDArray[np.intp]:
        """The CECV itself: clusters summed over the sizes, (T,)."""
        return self.counts_by_size.sum(axis=1)

    @property
    def n_compounds(self) -> int:
        """Number of compounds of all sizes together."""
        return int(self.compounds_by_size.sum())

    @property
    def normalised(self) -> NDArray[np.float64]:
        """The normalised CECV: counts divided by the number of compounds, (T,)."""
        return self.counts / self.n_compounds

    @property
    def by_size(self) -> pd.DataFrame:
        """Numbers of clusters: one row per threshold, one column per size N."""
        index = pd.Index(self.thresholds, name="threshold")
        return pd.DataFrame(self.counts_by_size, index=index, columns=pd.Index(self.sizes, name="N"))

    def table(self) -> pd.DataFrame:
        """Return all counts in one table: one row per threshold; columns N=3, ..., clusters, compounds, normalised."""
        table = self.by_size.rename(columns=lambda size: f"N={size}").rename_axis(columns=None)
        return table.assign(clusters=self.counts, compounds=self.n_compounds, normalised=self.normalised)

    @classmethod
    def from_efms(
        cls,
        efms: Mapping[int, ArrayLike],
        thresholds: Sequence[float] = THRESHOLDS,
        rule: str = "published",
    ) -> "CECV":
        """Return the CECV of existing EFMs.

        Parameters
        ----------
        efms
            For each size N, the EFMs (n, N, N) in data-set order; n may be 0.
        thresholds, rule
            See `clusters`.

        Raises
        ------
        CECVError
            If there is no compound or no threshold at all, and as for `clusters`.
        """
        if not len(thresholds):
            raise CECVError("a CECV needs at least one threshold")
        stacks = {size: np.asarray(efms[size], dtype=np.float64) for size in sorted(efms)}
        for size, stack in stacks.items():
            if stack.shape[1:] != (size, size):
                raise CECVError(f"the EFMs of size {size} have shape {stack.shape}, not (n, {size}, {size})")
        compounds = np.array([len(stack) for stack in stacks.values()], dtype=np.intp)
        if not compounds.sum():
            raise CECVError(f"no compound of {' or '.join(map(str, stacks)) or 'any'} elements: nothing to cluster")
        counts = np.zeros((len(thresholds), len(stacks)), dtype=np.intp)
        for column, stack in enumerate(stacks.values()):
            if len(stack):
                # Labels run from 0, so the largest gives their number.
                counts[:, column] = clusters(stack, list(thresholds), rule).max(axis=1) + 1
        return cls(tuple(map(float, thresholds)), tuple(stacks), counts, compounds, rule)


def cecv(
    layer_outputs: Mapping[int, ArrayLike | torch.Tensor] | Sequence[ArrayLike | torch.Tensor],
    thresholds: Sequence[float] = THRESHOLDS,
    rule: str = "published",
    sizes: Sequence[int] = SIZES,
) -> CECV:
    """Return the CECV of a layer from its outputs for the compounds that contain the focus element.

    Parameters
    ----------
    layer_outputs
        One (N, d) array per compound, in data-set order, real elements only; or one (n, N, d) array for each
        size N.
    thresholds, rule
        See `clusters`.
    sizes
        Numbers of elements N to sum over, the paper's 3 to 7 by default: compounds of another size are
        left out. ``sizes=(2, 3, 4, 5, 6, 7)`` adds binary compounds.

    Raises
    ------
    CECVError
        If no compound is left, and as for `efm` and `clusters`.

    Notes
    -----
    Source: doi:10.1021/acs.jctc.4c00187.
    """
    return CECV.from_efms(efms_by_size(layer_outputs, sizes), thresholds, rule)
