"""Claims over all data sets together, since many verdicts on single sets invite picking the ones that one likes.

The statistics are those of Agarwal et al., NeurIPS 2021, arXiv:2108.13264 (rliable): the probability of improvement,
and an interquartile mean over data sets, with bootstrap intervals that draw runs anew within each data set.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.claims.each_number import by_fast_recipe
from lgdcnn_core.companion.claims.errors import MODEL
from lgdcnn_core.companion.claims.surpasses import RIVAL
from lgdcnn_core.companion.claims.verdict import Estimate, Verdict, judge, untested
from lgdcnn_core.companion.intervals import TAILS
from lgdcnn_core.companion.runs import trees
from lgdcnn_core.companion.wording import BASELINES, counted

CLAIM = f"On average over data sets, {MODEL} is more accurate than {RIVAL}"

NOTEBOOK = "10_claims"

RIVALS = (RIVAL, *trees.RECIPES)
"""Models that L-G-DCNN is compared with: CrabNet, trained alike, and the baselines."""

TRIMMED = 0.25
"""Share of the data sets that the interquartile mean leaves out at either end."""

RESAMPLES = 10_000
"""Bootstrap samples of the runs."""

Scores = dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]]
"""By data set, for each fold: the MAEs of the runs (n,) of the first model and (m,) of the second one."""


@dataclass(frozen=True)
class Comparison:
    """A model against a rival, over all data sets on which both were run.

    Attributes
    ----------
    probability
        Probability that a run of the model has a lower MAE than one of the rival on a data set drawn at random; ties
        count one half.
    ratio
        Interquartile mean over data sets of the model's mean MAE over the rival's.
    """

    probability: Estimate
    ratio: Estimate


def scores(records: pd.DataFrame, rival: str) -> Scores:
    """Collect the runs by the fast recipe of L-G-DCNN, and those of a rival, on the data sets and folds that both have.

    Parameters
    ----------
    records
        From `runs.load_records`, of one store, on whole training parts.
    rival
        One of `RIVALS`.
    """
    whole = records[~records["refit"].astype(bool)].dropna(subset=["mae"])
    fast = by_fast_recipe(whole)
    of_rival = fast if rival == RIVAL else whole["recipe"].eq(trees.NAME)
    first, second = whole[fast & whole["model"].eq(MODEL)], whole[of_rival & whole["model"].eq(rival)]
    found: Scores = {}
    theirs = dict(_groups(second))
    for (dataset, fold), ours in _groups(first):
        if (dataset, fold) in theirs:
            found.setdefault(dataset, []).append((ours, theirs[dataset, fold]))
    return found


def compare(found: Scores, seed: int = 0, n_resamples: int = RESAMPLES) -> Comparison:
    """Compare two models over all data sets, each of which counts alike; so do the folds of one.

    Parameters
    ----------
    found
        From `scores`.
    seed, n_resamples
        Of the bootstrap. A fold with a single run of each model adds nothing to the intervals.

    Raises
    ------
    ValueError
        If there is no data set.
    """
    if not found:
        raise ValueError("there is no data set to compare on")
    generator = np.random.default_rng(seed)
    # The first sample is the runs themselves.
    probabilities, ratios = (np.zeros((n_resamples + 1, len(found))) for _ in range(2))
    for number, folds in enumerate(found.values()):
        for ours, theirs in folds:
            a, b = _resampled(ours, generator, n_resamples), _resampled(theirs, generator, n_resamples)
            difference = a[:, :, None] - b[:, None, :]
            probabilities[:, number] += ((difference < 0) + 0.5 * (difference == 0)).mean(axis=(1, 2)) / len(folds)
            ratios[:, number] += np.log(a.mean(axis=1) / b.mean(axis=1)) / len(folds)
    of_sets = np.exp(stats.trim_mean(ratios, TRIMMED, axis=1))
    return Comparison(_estimate(probabilities.mean(axis=1), len(found)), _estimate(of_sets, len(found)))


def verdict(found: Scores) -> Verdict:
    """Judge the claim: "reproduced" if the whole interval of the probability of improvement lies above one half."""
    if not found:
        return untested(CLAIM, "paper", "No data set has records of both networks, trained alike.", NOTEBOOK)
    each = compare(found)
    return Verdict(
        claim=CLAIM,
        by="paper",
        tested=f"{counted(len(found), 'data set')}, fast recipe",
        quantity="probability of improvement; interquartile mean of our MAEs over CrabNet's, trained alike",
        published=(),
        ours=(each.probability, each.ratio),
        outcome=judge(each.probability, 0.5, "above"),
        sentence=(
            f"Its run is the better one with probability {each.probability.value:.2f} "
            f"({each.probability.low:.2f} to {each.probability.high:.2f}) "
            f"on {len(found)} of {len(benchmarks.names(kind='regression'))} data sets."
        ),
        notebook=NOTEBOOK,
        form=".3f",
        detail=f"The interquartile mean of the ratios of their MAEs is {each.ratio.text('.3f')}.",
    )


def comparison_table(records: pd.DataFrame, rivals: Sequence[str] = RIVALS) -> pd.DataFrame:
    """Tabulate the comparison of L-G-DCNN by the fast recipe with each rival that has runs; all texts."""
    rows = {}
    for rival in rivals:
        if found := scores(records, rival):
            each = compare(found)
            name = BASELINES.get(rival, rival)
            rows[name] = {
                "data sets": str(len(found)),
                "probability of improvement": _with_interval(each.probability),
                "MAE over the rival's": _with_interval(each.ratio),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rival")


def _groups(records: pd.DataFrame) -> Iterator[tuple[tuple[str, int | None], NDArray[np.float64]]]:
    for key, own in records.groupby(["dataset", "fold"], dropna=False, sort=False):
        dataset, fold = cast("tuple[str, Any]", key)
        yield (dataset, None if pd.isna(fold) else int(fold)), own["mae"].to_numpy(dtype=float)


def _resampled(values: NDArray[np.float64], generator: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draw (n + 1, number of values) of them with replacement; the first row is the values themselves."""
    return np.concatenate([values[None], generator.choice(values, (n, len(values)))])


def _estimate(samples: NDArray[Any], n: int) -> Estimate:
    low, high = np.quantile(samples[1:], TAILS)
    return Estimate(float(samples[0]), n, "data set", float(low), float(high))


def _with_interval(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"
