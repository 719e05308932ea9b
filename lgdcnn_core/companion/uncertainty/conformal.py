"""Split conformal intervals from records: validation data calibrate, test data show what the intervals hold."""

from collections.abc import Iterable
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from lgdcnn_core import composition
from lgdcnn_core.companion.intervals import TAILS
from lgdcnn_core.companion.runs import Store
from lgdcnn_core.companion.runs.record import VALIDATION
from lgdcnn_core.companion.uncertainty import measures
from lgdcnn_core.companion.uncertainty.case import Case
from lgdcnn_core.companion.uncertainty.crossfit import CHOSEN, FIXED, TEST, CrossFitStore
from lgdcnn_core.companion.uncertainty.measures import Values
from lgdcnn_core.companion.uncertainty.tables import SHARE, over_sets
from lgdcnn_core.regressor.calibration import Calibration, NotCalibrated

Score = Literal["std-normalised", "absolute"]
"""Errors in units of the stated standard deviation; or as they are, so that all intervals of a set are equally wide."""

SCORES: tuple[Score, ...] = ("std-normalised", "absolute")

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Shares of the values that intervals hold."""

MOST_ELEMENTS = 5
"""Compounds of this many elements or more are counted together."""

ELEMENTS, FIFTHS = "number of elements", "fifth of stated uncertainty"
"""Groups of test compounds."""

_COLUMNS = ["way", "dataset", "fold", "score", "share", "coverage", "expected", "excess", "width", "width_over_mae"]
_COLUMNS += ["n_val"]

FEWEST = 20
"""Smallest group of test compounds whose coverage is measured."""

RESAMPLES = 1000
"""Bootstrap samples of the compounds of a cross-fit."""


def intervals(cases: Iterable[Case], shares: Iterable[float] = SHARES) -> pd.DataFrame:
    """Measure conformal intervals of every case that has validation predictions.

    Returns
    -------
    DataFrame
        One row per case, share and score: ``way``, ``dataset``, ``fold``, ``score``, ``share``; ``coverage`` of the
        test values; ``expected``, the mean coverage if validation and test compounds are exchangeable, which is a
        little above the share because the rank is rounded up; ``excess``, the difference; ``width``, the mean width in
        the unit of the property; ``width_over_mae``; ``n_val``. Shares for which there are too few validation
        compounds are missing.
    """
    rows = []
    for case in _calibrated(cases):
        for score in SCORES:
            calibration, spread = _calibration(case.val, score), _spread(case.test, score)
            errors = _errors(case.test)
            for share in shares:
                if (half := _half_widths(calibration, spread, share)) is None:
                    continue
                held, expected = float((errors <= half).mean()), expected_coverage(share, calibration.n[0])
                rows.append(
                    {
                        **{"way": case.way, "dataset": case.dataset, "fold": case.fold, "score": score, "share": share},
                        **{"coverage": held, "expected": expected, "excess": held - expected},
                        **{"width": 2 * half.mean(), "width_over_mae": 2 * half.mean() / errors.mean()},
                        "n_val": calibration.n[0],
                    }
                )
    return pd.DataFrame(rows, columns=_COLUMNS)


def within_groups(cases: Iterable[Case], share: float = SHARE) -> pd.DataFrame:
    """Measure conformal intervals in groups of the test compounds.

    Returns
    -------
    DataFrame
        One row per case, score and group: ``way``, ``dataset``, ``score``; ``by``, `ELEMENTS` or `FIFTHS`; ``group``,
        the number of elements (`MOST_ELEMENTS` stands for more, too) or the fifth, from 1; ``coverage``;
        ``relative_width``, over the mean width of the case; ``n``, compounds, at least `FEWEST`.
    """
    rows = []
    for case in _calibrated(cases):
        groups = {
            ELEMENTS: np.minimum(composition.parse(case.test["formula"].tolist()).lengths, MOST_ELEMENTS),
            FIFTHS: measures.bins(_spread(case.test, "std-normalised"), 5) + 1,
        }
        for score in SCORES:
            half = _half_widths(_calibration(case.val, score), _spread(case.test, score), share)
            if half is None:
                continue
            held, relative = _errors(case.test) <= half, half / half.mean()
            for by, group in groups.items():
                for each in np.unique(group):
                    of = group == each
                    if of.sum() < FEWEST:
                        continue
                    values = (int(each), held[of].mean(), relative[of].mean(), int(of.sum()))
                    rows.append((case.way, case.dataset, score, by, *values))
    columns = ["way", "dataset", "score", "by", "group", "coverage", "relative_width", "n"]
    return pd.DataFrame(rows, columns=columns)


def group_means(groups: pd.DataFrame, way: str) -> pd.DataFrame:
    """Average what `within_groups` measured of one way over data sets, with 95 % intervals.

    Returns
    -------
    DataFrame
        Columns ``by``, ``score``, ``quantity`` ("coverage" or "width", over the mean width), ``group``, ``name`` of the
        group for an axis, and those of `over_sets`.
    """
    tables = []
    for by, score in product((ELEMENTS, FIFTHS), SCORES):
        rows = groups[(groups["way"] == way) & (groups["by"] == by) & (groups["score"] == score)]
        for quantity, column in (("coverage", "coverage"), ("width", "relative_width")):
            means = over_sets(rows, column, ["group"]).sort_values("group")
            if quantity == "coverage":
                means = means.assign(low=means["low"].clip(0, 1), high=means["high"].clip(0, 1))
            names = [
                f"{each} or more" if (by, each) == (ELEMENTS, MOST_ELEMENTS) else str(each) for each in means["group"]
            ]
            tables.append(means.assign(by=by, score=score, quantity=quantity, name=names))
    return pd.concat(tables, ignore_index=True)


def expected_coverage(share: float, n: int) -> float:
    """Return the mean coverage of split conformal intervals from n compounds, if all compounds are exchangeable.

    It is ceil((n + 1) share) / (n + 1), see Lei et al. 2018, section 2.2, for scores without ties.
    """
    return -(-(n + 1) * round(100 * share) // 100) / (n + 1)


def crossfitted(store: CrossFitStore, key: str, runs: Iterable[Store], seed: int = 0) -> pd.DataFrame:
    """Compare the factors of three calibrations of the same training, and the coverage that each gives.

    Parameters
    ----------
    store, key
        The cross-fit.
    runs
        Stores that may hold its run.
    seed
        Seed of the bootstrap.

    Returns
    -------
    DataFrame
        One row per share. ``factor_fixed`` and ``coverage_fixed``: compounds were held out, and the epoch was fixed
        before. ``factor_chosen`` and ``coverage_chosen``: the held-out compounds chose the epoch. ``ratio``, ``low``
        and ``high``: the chosen factor over the fixed one, with its 95 % bootstrap interval over compounds. ``epochs``,
        ``earliest`` and ``latest``: the fixed epoch, and the range of the chosen ones. Coverages
        are of the test values, by the networks with the fixed epoch. ``factor_run`` and ``coverage_run``: by the
        validation predictions of the run itself, and of its own test predictions; missing without such a record. The
        table is empty if the store has no such cross-fit.
    """
    if key not in store:
        return pd.DataFrame()
    record, tables = store.read(key), store.predictions(key)
    held = {name: _scores(tables[name]) for name in (FIXED, CHOSEN)}
    of_test = _scores(tables[TEST])
    drawn = np.random.default_rng(seed).integers(len(held[FIXED]), size=(RESAMPLES, len(held[FIXED])))
    run = _scores_of_run(key, runs)
    rows = []
    for share in SHARES:
        fixed, chosen = _quantile(held[FIXED], share), _quantile(held[CHOSEN], share)
        ratios = [_quantile(held[CHOSEN][each], share) / _quantile(held[FIXED][each], share) for each in drawn]
        low, high = np.quantile(ratios, TAILS)
        row = {"share": share, "factor_fixed": fixed, "factor_chosen": chosen}
        row |= {"ratio": chosen / fixed, "low": low, "high": high}
        row |= {"epochs": record.epochs, "earliest": min(record.chosen_epochs), "latest": max(record.chosen_epochs)}
        row |= {"coverage_fixed": (of_test <= fixed).mean(), "coverage_chosen": (of_test <= chosen).mean()}
        if run is not None:
            factor = _quantile(run[0], share)
            row |= {"factor_run": factor, "coverage_run": (run[1] <= factor).mean()}
        rows.append(row)
    return pd.DataFrame(rows)


def _calibrated(cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.val is not None]


def _calibration(val: pd.DataFrame | None, score: Score) -> Calibration:
    assert val is not None
    return _of_scores(measures.scores(val["actual"], val["predicted"], _spread(val, score)))


def _of_scores(scores: Values) -> Calibration:
    """Return the calibration that has these scores; an infinite one, of a forest whose trees agree, counts as well."""
    finite = np.minimum(scores, np.finfo(float).max)
    return Calibration.of(finite, np.zeros_like(finite), np.ones_like(finite))


def _spread(table: pd.DataFrame, score: Score) -> Values:
    return np.ones(len(table)) if score == "absolute" else table["uncertainty"].to_numpy(dtype=float)


def _errors(table: pd.DataFrame) -> Values:
    return np.abs(table["actual"].to_numpy(dtype=float) - table["predicted"].to_numpy(dtype=float))


def _half_widths(calibration: Calibration, spread: Values, share: float) -> Values | None:
    """Return half the widths, (B,); None where there are too few compounds for this share."""
    try:
        return calibration.factor(share)[0] * spread
    except NotCalibrated:
        return None


def _scores(table: pd.DataFrame) -> Values:
    return measures.scores(table["actual"], table["predicted"], table["uncertainty"])


def _quantile(scores: Values, share: float) -> float:
    """Return the factor of a calibration by these scores."""
    return float(_of_scores(scores).factor(share)[0])


def _scores_of_run(key: str, runs: Iterable[Store]) -> tuple[Values, Values] | None:
    """Return the scores of the run's validation and test predictions, (B,) each; None if no store has both."""
    for store in runs:
        if key in store and VALIDATION in store.read(key).files:
            return _scores(store.validation(key)), _scores(store.predictions(key))
    return None
