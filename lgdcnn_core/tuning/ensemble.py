"""Ensembles over seeds, judged on validation data: the MAE of the mean of their predictions."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lgdcnn_core.tuning.record import TrialRecord
from lgdcnn_core.tuning.store import TrialStore

COLUMNS = ["trial", "dataset", "fold", "seeds", "single_mae", "ensemble_mae", "ratio"]


def ensembles(store: TrialStore, trials: Iterable[str] | None = None) -> pd.DataFrame:
    """Average the validation predictions of each trial over its seeds, on each data set and fold.

    Parameters
    ----------
    store
        Records and their predictions.
    trials
        Names; the default is all.

    Returns
    -------
    DataFrame
        One row a trial, data set and fold with two seeds or more that did not diverge, `COLUMNS`: the number of
        ``seeds``, the mean of their MAEs, the MAE of their mean prediction, and its ratio to the former.

    Raises
    ------
    ValueError
        If the seeds of a trial were validated on other data.
    """
    wanted = None if trials is None else set(trials)
    groups: dict[tuple[str, str, int | None], list[TrialRecord]] = {}
    for record in store.records().values():
        if record.outcome == "trained" and (wanted is None or record.trial.name in wanted):
            groups.setdefault((record.trial.name, record.dataset, record.fold), []).append(record)
    rows = []
    for (trial, dataset, fold), records in groups.items():
        if len(records) < 2:
            continue
        if len({record.inputs["val"] for record in records}) > 1:
            raise ValueError(f"the seeds of trial {trial} on {dataset} were validated on other data")
        tables = [_predictions(store, record) for record in records]
        single = float(np.mean([_mae(each) for each in tables]))
        mean = tables[0].assign(predicted=np.mean([each["predicted"] for each in tables], axis=0))
        ensemble = _mae(mean)
        rows.append((trial, dataset, fold, len(records), single, ensemble, ensemble / single))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"fold": "Int64"})


def _predictions(store: TrialStore, record: TrialRecord) -> pd.DataFrame:
    found = store.predictions(record.key)
    assert found is not None
    return found


def _mae(predictions: pd.DataFrame) -> float:
    return float((predictions["predicted"] - predictions["actual"]).abs().mean())
