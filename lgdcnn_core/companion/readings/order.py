"""Measure how each layer orders elements, atoms and compounds: the purity of their neighbours in its own features."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd

from lgdcnn_core.companion.readings import purity
from lgdcnn_core.companion.readings.chemistry import block, environment, group
from lgdcnn_core.companion.readings.embeddings import Embeddings
from lgdcnn_core.companion.readings.environments import Environments
from lgdcnn_core.companion.readings.purity import COMPARED, COMPARED_ELEMENTS, PERMUTATIONS, Purity

GROUP, BLOCK, ENVIRONMENT = "group", "block", "environment"
"""Labels of elements (the first two) and of the focus element's atoms."""

UNTRAINED = "untrained"
"""Column of shares before the training."""


def of_maps(maps: Embeddings, untrained: Embeddings | None = None, permutations: int = PERMUTATIONS) -> pd.DataFrame:
    """Measure the purity of neighbours in the layers of one network.

    Elements are compared by the correlation of their mean vectors, atoms of the focus element by the Euclidean distance
    of their vectors; every feature is standardised.

    Parameters
    ----------
    maps
        The reading.
    untrained
        The reading of the same network before its training.
    permutations
        As in `purity.permuted`.

    Returns
    -------
    DataFrame
        Index ``label`` (`GROUP`, `BLOCK`, `ENVIRONMENT`) and ``layer``, in the order of the network; columns are the
        fields of `purity.Purity`, and `UNTRAINED`, the share before the training, NaN without that reading. The
        embedding has no environments.
    """
    before = _purities(untrained, 1)["share"] if untrained is not None else float("nan")
    return _purities(maps, permutations).assign(**{UNTRAINED: before})


def _purities(maps: Embeddings, permutations: int) -> pd.DataFrame:
    found: dict[tuple[str, str], Purity] = {}
    for label, name in ((GROUP, group), (BLOCK, block)):
        for layer in maps.layers:
            correlations = maps.correlations(layer)
            labels = [name(number) for number in correlations.index.tolist()]
            neighbours = purity.most_similar(correlations, COMPARED_ELEMENTS)
            found[label, layer] = purity.permuted(neighbours, labels, permutations=permutations)
    for layer in maps.layers:
        of_atoms = maps.neighbours(layer)
        if of_atoms is not None:
            kinds = maps.environments.loc[maps.environments["layer"] == layer, "environment"]
            found[ENVIRONMENT, layer] = purity.permuted(of_atoms, kinds, permutations=permutations)
    return _table(found, ["label", "layer"])


def errors(maps: Embeddings, untrained: Embeddings | None = None) -> pd.DataFrame:
    """Return the column ``neighbour_error`` of `Embeddings.order`, trained and untrained: columns of these names."""
    both = {"trained": maps, UNTRAINED: untrained}
    return pd.DataFrame(
        {name: float("nan") if each is None else each.order()["neighbour_error"] for name, each in both.items()},
        index=pd.Index(maps.layers, name="layer"),
    )


def of_efms(reading: Environments, permutations: int = PERMUTATIONS) -> pd.DataFrame:
    """Measure how pure the environments of neighbours are in a network's layers, by the EFMs of the compounds.

    An EFM compares the features of a compound's elements, whatever the width of the layer, so that networks can be
    compared. Neighbours have as many elements as the compound (Euclidean distance of the entries), and labels are
    permuted among compounds with as many elements; sizes with no more than `COMPARED` compounds are left out.

    Parameters
    ----------
    reading, permutations
        As in `of_maps`.

    Returns
    -------
    DataFrame
        Index ``layer``; columns are the fields of `purity.Purity`.
    """
    compounds, nearest = _in_strata(reading)
    return _table(
        {
            layer: purity.permuted(found, compounds["environment"], compounds["size"], permutations)
            for layer, found in nearest.items()
        },
        ["layer"],
    )


def of_networks(readings: Mapping[tuple[str, str, str], Environments], dataset: str, element: str) -> pd.DataFrame:
    """Measure with `of_efms` all networks that were read on a data set for an element.

    Parameters
    ----------
    readings
        By data set, element and network.
    dataset, element
        The case.

    Returns
    -------
    DataFrame
        Columns ``network``, ``layer`` and the fields of `purity.Purity`.
    """
    tables = {model: of_efms(each) for (*case, model), each in readings.items() if case == [dataset, element]}
    return pd.concat(tables, names=["network"]).reset_index()


def shares_by_compound(reading: Environments) -> pd.DataFrame:
    """Return the share of each compound's neighbours in its environment, by the EFMs, as `of_efms` compares them.

    Returns
    -------
    DataFrame
        One row per compound (index: its row in the data), one column per layer.
    """
    compounds, nearest = _in_strata(reading)
    found = {layer: purity.shares(places, compounds["environment"]) for layer, places in nearest.items()}
    return pd.DataFrame(found, index=pd.Index(compounds["row"], name="row"))


def _in_strata(reading: Environments) -> tuple[pd.DataFrame, dict[str, purity.Neighbours]]:
    """Return the compounds of sizes that are large enough, and their neighbours in each layer."""
    every, focus = reading.compounds, reading.record.spec.focus
    sizes = every["size"].value_counts()
    sizes = sizes[sizes > COMPARED].sort_index()
    kept = every[every["size"].isin(sizes.index)].reset_index(drop=True)
    kept = kept.assign(environment=[environment(numbers.tolist(), focus) for numbers in kept["elements"]])
    starts = dict(zip(sizes.index, sizes.cumsum() - sizes, strict=True))  # compounds lie by size
    nearest = {}
    for layer in reading.layers:
        efms = reading.efms(layer)
        parts = [
            start + purity.nearest(efms[size][:, *np.triu_indices(size, k=1)], COMPARED)
            for size, start in starts.items()
        ]
        nearest[layer] = np.concatenate(parts)
    return kept, nearest


def _table(found: Mapping[str, Purity] | Mapping[tuple[str, str], Purity], names: list[str]) -> pd.DataFrame:
    table = pd.DataFrame([asdict(each) for each in found.values()], index=pd.Index(list(found)))
    return table.rename_axis(names)
