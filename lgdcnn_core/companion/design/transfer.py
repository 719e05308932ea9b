"""Fit the definition of the target region on one data set, and test it on the others."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd

from lgdcnn_core.companion.design.power import POOLED, predictive_power
from lgdcnn_core.companion.design.record import Evaluation
from lgdcnn_core.companion.design.scoring import scores

DEFINITIONS: tuple[dict[str, Any], ...] = tuple(
    {"small_up_to": small_up_to, "rise": rise, "scale": scale, "layers": layers}
    for small_up_to, rise, scale, layers in product(
        (0.1, 0.15, 0.2, 0.25, 0.3), (0.0, 0.25, 0.5, 0.75, 1.0), ("linear", "log"), ("last", "mean")
    )
)
"""Definitions of the region that are tried, all combinations: 100."""


def fitted_on_one_set(
    evaluations: Sequence[Evaluation], rule: str = "", seed: int = 0, n_resamples: int = 2000
) -> pd.DataFrame:
    """Choose for each data set the definition that predicts errors best on it, and test that on the other sets.

    Parameters
    ----------
    evaluations, rule
        As in `scores`, of two data sets or more.
    seed, n_resamples
        As in `predictive_power`.

    Returns
    -------
    DataFrame
        One row per data set (index): the ``definition`` (as text) with the highest rank correlation of score and
        validation MAE on it, that correlation (``fitted``), and the pooled one on the other sets, ``tested``, with its
        95 % interval, ``low`` and ``high``.
    """
    tables = [scores(evaluations, rule=rule, **definition) for definition in DEFINITIONS]
    fits = [predictive_power(table, seed, ["score"], 0).set_index("dataset")["rho"] for table in tables]
    rows = {}
    for dataset in dict.fromkeys(each.dataset for each in evaluations):
        best = max(range(len(DEFINITIONS)), key=lambda number: fits[number][dataset])
        others = tables[best][tables[best]["dataset"] != dataset]
        tested = predictive_power(others, seed, ["score"], n_resamples).set_index("dataset").loc[POOLED]
        rows[dataset] = {
            "definition": _text(DEFINITIONS[best]),
            "fitted": fits[best][dataset],
            "tested": tested["rho"],
            "low": tested["low"],
            "high": tested["high"],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _text(definition: dict[str, Any]) -> str:
    layers = "last layer" if definition["layers"] == "last" else "mean over layers"
    scale = ", logarithms" if definition["scale"] == "log" else ""
    return f"small up to {definition['small_up_to']:g}, rise {definition['rise']:g}, {layers}{scale}"
