"""Validation errors of ensembles: the MAE of the members' mean prediction."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from lgdcnn_core.companion.tuning.record import TrialRecord, TrialStore

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
        One row per trial, data set and fold with at least two seeds that did not diverge, `COLUMNS`: the number of
        ``seeds``, the mean of their MAEs, the MAE of their mean prediction, and its ratio to the mean MAE.

    Raises
    ------
    ValueError
        If the seeds of a trial were not validated on the same data.
    """
    rows = []
    for (trial, dataset, fold), records in _trained(store, trials).items():
        if len(records) < 2:
            continue
        _require_same_data(records)
        tables = [_predictions(store, record) for record in records]
        single = float(np.mean([_together([each]) for each in tables]))
        ensemble = _together(tables)
        rows.append((trial, dataset, fold, len(records), single, ensemble, ensemble / single))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"fold": "Int64"})


def mixtures(store: TrialStore, trials: Sequence[str], members: int) -> pd.DataFrame:
    """Average the validation predictions of mixtures: networks of several trials, combined.

    Parameters
    ----------
    store
        Records and their predictions.
    trials
        Names.
    members
        Number of networks in a mixture.

    Returns
    -------
    DataFrame
        One row per data set, fold and mixture with enough seeds: ``dataset``; ``fold``; ``mixture``, the number of
        networks of each trial, in the order of `trials`; ``choices``, the number of ways to choose the seeds; ``mae``,
        the MAE of the mean prediction, averaged over all choices.

    Raises
    ------
    ValueError
        If the trainings on one data set were not validated on the same data.
    """
    trained = _trained(store, trials)
    rows = []
    for dataset, fold in dict.fromkeys((dataset, fold) for _, dataset, fold in trained):
        records = [record for trial in trials for record in trained.get((trial, dataset, fold), [])]
        _require_same_data(records)
        networks = [(record.trial.name, _predictions(store, record)) for record in records]
        errors: dict[tuple[int, ...], list[float]] = {}
        for choice in combinations(networks, members):
            names, tables = zip(*choice, strict=True)
            errors.setdefault(tuple(names.count(trial) for trial in trials), []).append(_together(tables))
        rows += [(dataset, fold, mixture, len(found), float(np.mean(found))) for mixture, found in errors.items()]
    return pd.DataFrame(rows, columns=["dataset", "fold", "mixture", "choices", "mae"]).astype({"fold": "Int64"})


def _trained(store: TrialStore, trials: Iterable[str] | None) -> dict[tuple[str, str, int | None], list[TrialRecord]]:
    """Find the records that did not diverge, of each trial, data set and fold."""
    wanted = None if trials is None else set(trials)
    groups: dict[tuple[str, str, int | None], list[TrialRecord]] = {}
    for record in store.records().values():
        if record.outcome == "trained" and (wanted is None or record.trial.name in wanted):
            groups.setdefault((record.trial.name, record.dataset, record.fold), []).append(record)
    return groups


def _require_same_data(records: Sequence[TrialRecord]) -> None:
    if len({record.inputs["val"] for record in records}) > 1:
        keys = ", ".join(record.key for record in records)
        raise ValueError(f"these were not all validated on the same data: {keys}")


def _predictions(store: TrialStore, record: TrialRecord) -> pd.DataFrame:
    found = store.predictions(record.key)
    assert found is not None
    return found


def _together(tables: Sequence[pd.DataFrame]) -> float:
    """MAE of the mean prediction."""
    predicted = np.mean([each["predicted"] for each in tables], axis=0)
    return float(np.abs(predicted - tables[0]["actual"]).mean())
