"""Predictions with stated uncertainties, from run records: of single models and of ensembles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.runs import Store, longest_schedules, mean_prediction
from lgdcnn_core.companion.runs.ensembles import FEWEST
from lgdcnn_core.companion.runs.record import VALIDATION
from lgdcnn_core.companion.runs.store import by_name
from lgdcnn_core.companion.runs.table import GROUP
from lgdcnn_core.companion.wording import BASELINE, BASELINES, own_setting
from lgdcnn_core.training import TOGETHER

MODEL = "L-G-DCNN"
"""The network that is judged."""

SINGLE, ENSEMBLE, JOINT = "one network", "ensemble of networks", "joint network"

FOREST = BASELINES["RF"]
"""The baseline. The trees of the others are no measure: gradient boosting states no uncertainty, and extra trees know
every training compound by heart, so that their spread is 0 for a formula that they have learnt."""

WAYS = (SINGLE, ENSEMBLE, JOINT, FOREST)
"""Ways to state an uncertainty, in the order in which they are shown."""


@dataclass(frozen=True)
class Case:
    """Predictions of one model or ensemble on one data set or fold.

    Attributes
    ----------
    way
        One of `WAYS`.
    dataset, fold
        As in `runs.RunSpec`.
    store, keys
        Name of the store, and keys of the records.
    test, val
        As `Store.predictions` gives them; ``uncertainty`` is known. ``val`` is None if a record has no validation
        predictions.
    """

    way: str
    dataset: str
    fold: int | None
    store: str
    keys: tuple[str, ...]
    test: pd.DataFrame
    val: pd.DataFrame | None


def cases(records: pd.DataFrame, stores: Iterable[Store] | None = None, recipe: str = "fast") -> list[Case]:
    """Read the predictions of every regression that states uncertainties.

    Parameters
    ----------
    records
        From `runs.load_records`, or some of its rows. Refits and parts of the training data are left out.
    stores
        Stores that hold them; the default is both. The two are never mixed.
    recipe
        Recipe of `SINGLE` and `ENSEMBLE`. An ensemble has all seeds of a run, with the same weight.

    Returns
    -------
    list of Case
        Ordered by way, then as the records are.

    Raises
    ------
    UnlikeRecords, BrokenRecord, DifferentData
        As in `runs.mean_prediction`.
    """
    found_in = by_name(stores)
    kept = longest_schedules(_stating(records, recipe))
    found: list[Case] = []
    for group, members in kept.groupby(GROUP, dropna=False, sort=False):
        about: dict[str, Any] = dict(zip(GROUP, group, strict=True))
        store, keys = found_in[about["store"]], members.sort_values("seed", kind="stable")["key"].tolist()
        way = _way(str(about["model"]), str(about["recipe"]))
        together = [(ENSEMBLE, tuple(keys))] if way == SINGLE and len(keys) >= FEWEST else []
        for name, chosen in [*((way, (key,)) for key in keys), *together]:
            if (case := _case(name, about["dataset"], about["fold"], store, chosen)) is not None:
                found.append(case)
    return sorted(found, key=lambda case: WAYS.index(case.way))


def _stating(records: pd.DataFrame, recipe: str) -> pd.DataFrame:
    """Choose the records of regressions by networks of these recipes, and by the forest."""
    regressions = records["dataset"].map(lambda name: benchmarks.card(name).kind == "regression")
    networks = (records["model"] == MODEL) & records["recipe"].isin([recipe, TOGETHER.name])
    forests = records["recipe"].eq(BASELINE) & records["model"].map(BASELINES).eq(FOREST)
    alike = (records["train_fraction"] == 1) & ~records["refit"].astype(bool)
    own = records["setting"] == records["recipe"].map(own_setting)
    return records[regressions & (networks | forests) & alike & own]


def _way(model: str, recipe: str) -> str:
    return JOINT if recipe == TOGETHER.name else SINGLE if model == MODEL else FOREST


def _case(way: str, dataset: str, fold: int | None, store: Store, keys: Sequence[str]) -> Case | None:
    """Read a case; None if its model states no uncertainty."""
    test = mean_prediction(store, keys)
    if not np.isfinite(test["uncertainty"]).all():
        return None
    known = all(VALIDATION in store.read(key).files for key in keys)
    val = mean_prediction(store, keys, "validation") if known else None
    return Case(way, dataset, None if pd.isna(fold) else int(fold), store.name, tuple(keys), test, val)


def origin(cases: Iterable[Case], stores: Iterable[Store]) -> dict[str, Any]:
    """Return the origin of a figure of these cases, as `figures.save` takes it."""
    rows = sorted({(case.store, key) for case in cases for key in case.keys})
    return {"records": pd.DataFrame(rows, columns=["store", "key"]), "stores": list(stores)}
