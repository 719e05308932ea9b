"""Find two clusters of a layer whose compounds hold the focus element in different environments."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pymatgen.core import Element

from lgdcnn_core.companion.readings.chemistry import environment, reduced
from lgdcnn_core.companion.readings.environments import Environments

SMALLEST = 10
"""Fewest compounds of a cluster that is compared; in smaller ones the shares of environments are a matter of chance."""

SHARE = 0.15
"""Smallest share of a cluster's compounds for which an environment is named."""


def members(reading: Environments, layer: str, threshold: float, size: int, rule: str = "published") -> pd.DataFrame:
    """Tabulate the compounds of one size with their clusters and environments.

    Parameters
    ----------
    reading
        The environments of an element.
    layer, threshold, rule
        As in `Environments.labels`.
    size
        Number of elements of the compounds.

    Returns
    -------
    DataFrame
        Columns ``cluster``, ``formula`` (reduced), ``environment``, ``symbols`` (of the EFM's rows); in the order of
        the reading's EFMs of that size.
    """
    taken = (reading.compounds["size"] == size).to_numpy()
    compounds = reading.compounds[taken].reset_index(drop=True)
    focus = reading.record.spec.focus
    return pd.DataFrame(
        {
            "cluster": reading.labels(layer, threshold, rule)[taken],
            "formula": compounds["formula"].map(reduced),
            "environment": [environment(numbers.tolist(), focus) for numbers in compounds["elements"]],
            "symbols": [[Element.from_Z(int(number)).symbol for number in each] for each in compounds["elements"]],
        }
    )


def most_different(table: pd.DataFrame, smallest: int = SMALLEST) -> list[int]:
    """Find the two clusters whose compounds differ most in their environments, the larger first.

    The difference is half the sum of the absolute differences between the environments' shares (total variation).

    Parameters
    ----------
    table
        From `members`.
    smallest
        Fewest compounds of a cluster that counts. With fewer than two such clusters, the function returns the two
        largest.
    """
    counts = pd.crosstab(table["cluster"], table["environment"])
    sizes = counts.sum(axis=1).sort_values(ascending=False, kind="stable")
    shares = counts.div(sizes, axis=0).T
    large = [int(cluster) for cluster in sizes.index[sizes >= smallest]]
    if len(large) < 2:
        return [int(cluster) for cluster in sizes.index[:2]]
    pairs = list(combinations(large, 2))
    apart = [float((shares[one] - shares[other]).abs().sum()) for one, other in pairs]
    return list(pairs[int(np.argmax(apart))])


def contrast(
    reading: Environments, layer: str, threshold: float, size: int, rule: str = "published"
) -> dict[str, tuple[NDArray[np.float32], list[list[str]], list[str]]]:
    """Return the two clusters of `most_different` as a figure takes them.

    Parameters
    ----------
    reading, layer, threshold, size, rule
        As in `members`.

    Returns
    -------
    dict
        EFMs (n, N, N), symbols of the rows (n, N) and reduced formulas (n,), by a name such as "48 compounds: 54 %
        Si-metal, 31 % Si-O".
    """
    table = members(reading, layer, threshold, size, rule)
    efms = reading.efms(layer)[size]
    found = {}
    for cluster in most_different(table):
        rows = table[table["cluster"] == cluster]
        shares = rows["environment"].value_counts(normalize=True)
        named = ", ".join(f"{100 * share:.0f} % {name}" for name, share in shares.items() if share >= SHARE)
        name = f"{len(rows)} compounds: {named}"
        found[name] = (efms[rows.index], rows["symbols"].tolist(), rows["formula"].tolist())
    return found
