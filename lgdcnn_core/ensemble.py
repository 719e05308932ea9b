"""Several networks as one model: what their predictions are together, and the files and seeds of each."""

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
    """A number of networks that no ensemble has, or that does not fit the model it is to start from."""


def mean_and_std(means: Values, stds: Values) -> tuple[Values, Values]:
    """Mean and standard deviation of the mixture of the members' predictive distributions.

    The law of total variance: what the members disagree about, plus what they state themselves on average. By it the
    standard deviation is sqrt(spread² + mean of stds²), where the spread is the standard deviation of the means over
    the members with ddof = 0: the members are the whole mixture, not a sample of it.

    Parameters
    ----------
    means, stds
        (k, B): mean and standard deviation that each of k members predicts for each of B compounds.

    Returns
    -------
    mean, std
        (B,) each, in the unit of `means`. A single member's come back as they are.

    References
    ----------
    Lakshminarayanan, Pritzel, Blundell, Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles,
    NeurIPS 2017, arXiv:1612.01474, section 2.4.
    """
    if len(means) == 1:
        return means[0], stds[0]
    return means.mean(axis=0), np.sqrt(means.var(axis=0) + np.square(stds).mean(axis=0))


def seeds(seed: int, n_members: int) -> list[int]:
    """Seeds of the members: `seed`, `seed` + 1 and so on.

    Raises
    ------
    InvalidEnsemble
        If `n_members` is not an integer from 1.
    """
    if isinstance(n_members, bool) or not isinstance(n_members, Integral) or n_members < 1:
        raise InvalidEnsemble(f"n_members is {n_members!r}; it is an integer from 1, and 1 trains a single network")
    return [seed + number for number in range(int(n_members))]


def copies(networks: Sequence[Network], n_members: int) -> list[Network]:
    """Copy the networks that members are to start from: one for each, or a single one for all of them.

    Raises
    ------
    InvalidEnsemble
        If there is another number of them.
    """
    if len(networks) not in (1, n_members):
        raise InvalidEnsemble(
            f"cannot fine-tune {n_members} from {len(networks)} networks: take n_members={len(networks)}"
        )
    start = networks if len(networks) == n_members else [*networks] * n_members
    return [copy.deepcopy(network) for network in start]


def file_of_member(path: Path | None, number: int, n_members: int) -> Path | None:
    """File that belongs to one member, ``<stem>.member<number><suffix>``; a single network's is the path itself."""
    if path is None or n_members == 1:
        return path
    return path.with_name(f"{path.stem}.member{number}{path.suffix}")


def title_of_member(name: str, number: int, n_members: int) -> str:
    """Title that says which member is meant, counted from 1; a single network's is the name itself."""
    return name if n_members == 1 else f"{name}, network {number + 1} of {n_members}"
