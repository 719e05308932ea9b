"""Arrange the CECVs of several readings for figures and tables: by network, by layer, and as one long table."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lgdcnn_core.cecv import CECV
from lgdcnn_core.companion.readings.environments import Environments

Readings = Mapping[tuple[str, str, str], Environments]
"""Readings by data set, element and network."""


def last_layers(readings: Readings, rule: str = "published") -> dict[tuple[str, str], dict[str, CECV]]:
    """Return the CECV of the last layer of each network, by (data set, element) and network."""
    found: dict[tuple[str, str], dict[str, CECV]] = {}
    for (dataset, element, model), each in readings.items():
        found.setdefault((dataset, element), {})[model] = each.cecv(each.layers[-1], rule)
    return found


def every_layer(
    readings: Readings, element: str, models: Sequence[str], rule: str = "published"
) -> dict[tuple[str, str], dict[str, CECV]]:
    """Return the CECV of each layer of these networks for one element, by (network, data set) and layer."""
    return {
        (model, name): {layer: each.cecv(layer, rule) for layer in each.layers}
        for model in models
        for (name, symbol, network), each in readings.items()
        if (network, symbol) == (model, element)
    }


def cecv_table(readings: Readings, rule: str = "published") -> pd.DataFrame:
    """Tabulate the CECVs of all layers of all readings.

    Returns
    -------
    DataFrame
        Columns ``dataset``, ``element``, ``model``, ``layer``, ``threshold``, and those of `cecv.CECV.table`.
    """
    tables = {(*key, layer): each.cecv(layer, rule).table() for key, each in readings.items() for layer in each.layers}
    names = ["dataset", "element", "model", "layer", "threshold"]
    return pd.concat(tables).rename_axis(names).reset_index()
