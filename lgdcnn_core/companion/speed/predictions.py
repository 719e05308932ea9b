"""Time predictions and the reading of formulas."""

import time
from typing import Any

import pandas as pd

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.companion.speed.counting import prediction_flop
from lgdcnn_core.companion.speed.scope import LARGEST, Scope
from lgdcnn_core.composition import parse
from lgdcnn_core.training import FAST, choose, outputs

FITTED_ROWS = 64
"""Rows on which a network is trained before it predicts; few suffice, as its weights do not change its speed."""


def measure_prediction(scope: Scope, device: str | None, model: str = "L-G-DCNN") -> dict[str, Any]:
    """Time the prediction of the test part of the largest data set, in the exact setting.

    Returns
    -------
    dict
        ``dataset``, ``model``, ``compounds``, ``tokens``, ``flop``; ``seconds`` of `CompositionRegressor.predict`,
        including the reading of formulas; ``network_seconds`` of the network alone.
    """
    split = benchmarks.load(LARGEST)
    formulas = split.test["formula"].head(scope.rows_at_most or len(split.test))
    recipe = FAST.with_changes(epochs=1, batch_size=FITTED_ROWS)
    fitted = CompositionRegressor(model, recipe, device=device, progress=False).fit(split.train.head(FITTED_ROWS))
    fitted.predict(formulas.head(FITTED_ROWS))  # warms up
    started = time.perf_counter()
    fitted.predict(formulas)
    seconds = time.perf_counter() - started

    compositions = fitted.layout_.ordered(parse(formulas))
    # As in `predict`, which does not use the precision of the training.
    compute = choose(device, "float32")
    started = time.perf_counter()
    outputs(fitted.network_, compositions, fitted.layout_, compute)
    compute.wait()
    return {
        "dataset": LARGEST,
        "model": model,
        "compounds": len(compositions),
        "tokens": compositions.n_tokens,
        "flop": prediction_flop(fitted.network_, compositions.lengths),
        "seconds": seconds,
        "network_seconds": time.perf_counter() - started,
    }


def measure_parsing(scope: Scope) -> dict[str, Any]:
    """Time `composition.parse` on the formulas of all parts of the largest data set.

    Returns
    -------
    dict
        ``dataset``, ``formulas``, ``seconds``.
    """
    formulas = pd.concat([part["formula"].head(scope.rows_at_most or len(part)) for part in benchmarks.load(LARGEST)])
    started = time.perf_counter()
    parse(formulas)
    return {"dataset": LARGEST, "formulas": len(formulas), "seconds": time.perf_counter() - started}
