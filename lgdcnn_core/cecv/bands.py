"""Uncertainty of a CECV: bands over the choice of compounds and over their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from lgdcnn_core.cecv.clustering import THRESHOLDS
from lgdcnn_core.cecv.errors import CECVError
from lgdcnn_core.cecv.vector import CECV


@dataclass(frozen=True, eq=False)
class Band:
    """A CECV with an uncertainty band.

    Attributes
    ----------
    cecv
        The CECV of all compounds in data-set order.
    low, high
        Limits of the band, in clusters, (T,).
    replicates
        The counts from which the band was computed, (R, T).
    level
        Coverage of the band, such as 0.95.
    """

    cecv: CECV
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    replicates: NDArray[np.intp]
    level: float

    def table(self) -> pd.DataFrame:
        """Return counts and band, plain and normalised: one row per threshold."""
        n = self.cecv.n_compounds
        table = pd.DataFrame(
            {"clusters": self.cecv.counts, "low": self.low, "high": self.high},
            index=pd.Index(self.cecv.thresholds, name="threshold"),
        )
        return table.join((table / n).add_prefix("normalised_").rename(columns={"normalised_clusters": "normalised"}))


def subsample_band(
    efms: Mapping[int, ArrayLike],
    seed: int | np.random.Generator,
    thresholds: Sequence[float] = THRESHOLDS,
    rule: str = "published",
    n_replicates: int = 100,
    fraction: float = 0.8,
    level: float = 0.95,
) -> Band:
    """Return the confidence band of a CECV over the choice of compounds, by subsampling without replacement.

    The textbook bootstrap fails here: a resample with replacement holds only 63 % of the compounds, and a
    duplicate never makes a new cluster, so every resample's count is too low (by 36 % where each compound is
    a cluster of its own). Instead, each replicate clusters m = fraction * n different compounds (all sizes
    together, in data-set order), and the replicates' variance is scaled to the full sample, as in the
    delete-d jackknife, d = n - m:

        se^2 = n^2 / (m d) * variance over replicates of the count.

    The band is the count of all compounds -+ z * se, kept between the fewest possible clusters (one per
    size) and n. The factor is exact for a sum over compounds. A count of clusters varies less than that, so
    the band errs on the wide side (Efron and Stein): in simulations of 300 compounds the standard error was
    1.1 to 2 times the true one, depending on rule and threshold.

    Parameters
    ----------
    efms
        For each size N the EFMs (n, N, N) in data-set order.
    seed
        Seed or generator of the subsamples.
    thresholds, rule
        See `clusters`.
    n_replicates
        Number of subsamples R; the standard error's own relative error is about 1 / sqrt(2 R).
    fraction
        Share of the compounds in a subsample, between 0 and 1.
    level
        Coverage of the band, between 0 and 1.

    Raises
    ------
    CECVError
        For a fraction or level outside (0, 1), fewer than two replicates or fewer than two compounds, and as
        `clusters` does.

    Notes
    -----
    Sources: J. Shao, C. F. J. Wu, Ann. Stat. 1989, 17, 1176, doi:10.1214/aos/1176347263; B. Efron, C. Stein,
    Ann. Stat. 1981, 9, 586, doi:10.1214/aos/1176345462.
    """
    if not 0 < fraction < 1:
        raise CECVError(f"a subsample takes a fraction of the compounds between 0 and 1, not {fraction}")
    _check(n_replicates, level)
    whole = CECV.from_efms(efms, thresholds, rule)
    n = whole.n_compounds
    if n < 2:
        raise CECVError("a single compound has no subsamples: a band needs at least two")
    stacks = {size: np.asarray(efms[size], dtype=np.float64) for size in whole.sizes}
    starts = np.concatenate([[0], np.cumsum(whole.compounds_by_size)])
    generator = np.random.default_rng(seed)
    m = min(max(round(fraction * n), 1), n - 1)
    replicates = np.empty((n_replicates, len(whole.thresholds)), dtype=np.intp)
    for replicate in replicates:
        chosen = np.sort(generator.choice(n, size=m, replace=False))
        part = {
            size: stack[chosen[(chosen >= start) & (chosen < start + len(stack))] - start]
            for (size, stack), start in zip(stacks.items(), starts, strict=False)
        }
        replicate[:] = CECV.from_efms(part, thresholds, rule).counts
    error = replicates.std(axis=0, ddof=1) * n / np.sqrt(m * (n - m))
    reach = norm.ppf((1 + level) / 2) * error
    fewest = np.count_nonzero(whole.compounds_by_size)
    low, high = np.clip([whole.counts - reach, whole.counts + reach], fewest, n)
    return Band(whole, low, high, replicates, level)


def shuffle_band(
    efms: Mapping[int, ArrayLike],
    seed: int | np.random.Generator,
    thresholds: Sequence[float] = THRESHOLDS,
    rule: str = "published",
    n_replicates: int = 100,
    level: float = 0.95,
) -> Band:
    """Return the band of a CECV over the order of the same compounds: the central `level` of the shuffled counts.

    The count in data-set order may lie outside. For "complete-linkage" the band has no width except through ties.

    Parameters
    ----------
    efms, thresholds, rule, n_replicates, level
        As for `subsample_band`.
    seed
        Seed or generator of the shuffles.

    Raises
    ------
    CECVError
        As for `subsample_band`.
    """
    _check(n_replicates, level)
    whole = CECV.from_efms(efms, thresholds, rule)
    stacks = {size: np.asarray(efms[size], dtype=np.float64) for size in whole.sizes}
    generator = np.random.default_rng(seed)
    replicates = np.empty((n_replicates, len(whole.thresholds)), dtype=np.intp)
    for replicate in replicates:
        shuffled = {size: stack[generator.permutation(len(stack))] for size, stack in stacks.items()}
        replicate[:] = CECV.from_efms(shuffled, thresholds, rule).counts
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Band(whole, low, high, replicates, level)


def _check(n_replicates: int, level: float) -> None:
    """Raise if the parameters give no band."""
    if n_replicates < 2:
        raise CECVError(f"a band needs at least two replicates, not {n_replicates}")
    if not 0 < level < 1:
        raise CECVError(f"a band's level lies between 0 and 1, not {level}")
