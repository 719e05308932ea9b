"""Several networks as one model: their common prediction, and the file and seed of each."""

import copy
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Network = TypeVar("Network")


class InvalidEnsemble(ValueError):
    """The number of networks is impossible, or differs from that of the model to start from."""


def mean_and_std(means: Values, stds: Values) -> tuple[Values, Values]:
    """Return the mean and standard deviation of the mixture of the members' predictive distributions.

    By the law of total variance, the standard deviation is sqrt(spread² + mean of stds²). The spread measures how far
    members disagree: it is the standard deviation of their means, with ddof = 0 because they are the whole mixture.

    Parameters
    ----------
    means, stds
        (k, B): mean and standard deviation that each of k members predicts for each of B compounds.

    Returns
    -------
    mean, std
        (B,) each, in the unit of `means`; for a single member its own values.

    References
    ----------
    Lakshminarayanan, Pritzel, Blundell, Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles,
    NeurIPS 2017, arXiv:1612.01474, section 2.4.
    """
    if len(means) == 1:
        return means[0], stds[0]
    return means.mean(axis=0), np.sqrt(means.var(axis=0) + np.square(stds).mean(axis=0))


def seeds(seed: int, n_members: int) -> list[int]:
    """Return the seeds of the members: `seed`, `seed` + 1 and so on.

    Raises
    ------
    InvalidEnsemble
        If `n_members` is not an integer from 1.
    """
    if isinstance(n_members, bool) or not isinstance(n_members, Integral) or n_members < 1:
        raise InvalidEnsemble(f"n_members is {n_members!r}; it must be an integer from 1; 1 trains a single network")
    return [seed + number for number in range(int(n_members))]


def copies(networks: Sequence[Network], n_members: int) -> list[Network]:
    """Return copies of the networks from which members start: one for each, or a single one for all.

    Raises
    ------
    InvalidEnsemble
        If there is neither a single network nor one for each member.
    """
    if len(networks) not in (1, n_members):
        raise InvalidEnsemble(
            f"cannot fine-tune {n_members} from {len(networks)} networks: take n_members={len(networks)}"
        )
    start = networks if len(networks) == n_members else [*networks] * n_members
    return [copy.deepcopy(network) for network in start]


def file_of_member(path: str | Path | None, number: int, n_members: int) -> Path | None:
    """Return the file of one member, ``<stem>.member<number><suffix>``; for a single network, the path itself."""
    if path is None:
        return None
    path = Path(path)
    if n_members == 1:
        return path
    return path.with_name(f"{path.stem}.member{number}{path.suffix}")


def title_of_member(name: str, number: int, n_members: int) -> str:
    """Return a title with the member's number, from 1; for a single network, the name itself."""
    return name if n_members == 1 else f"{name}, network {number + 1} of {n_members}"
