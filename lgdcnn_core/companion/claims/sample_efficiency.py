"""Claim of the paper: L-G-DCNN needs fewer training compounds than other models."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, judge, untested
from lgdcnn_core.companion.runs import Store, equal_sizes, power_laws, sample_efficiency
from lgdcnn_core.companion.runs.power_laws import Crossing, PowerLaw
from lgdcnn_core.companion.wording import BASELINES, counted, four_digits, listed, place, span

MODEL = "L-G-DCNN"

Rival = Literal["CrabNet", "trees"]

CLAIMS: dict[Rival, str] = {
    "CrabNet": f"{MODEL} is more sample-efficient than CrabNet",
    "trees": f"{MODEL} is more sample-efficient than tree baselines",
}

NOTEBOOK = "13_sample_efficiency"


@dataclass(frozen=True)
class Comparison:
    """L-G-DCNN beside another model on one data set.

    Attributes
    ----------
    rival
        Name of the other model.
    ratios
        Test MAE over the rival's, from `equal_sizes.ratios`.
    law
        Power law of these ratios; None for fewer than `power_laws.FEWEST` sizes.
    crossing
        Size at which the two fitted lines meet; None without a law.
    """

    rival: str
    ratios: pd.DataFrame
    law: PowerLaw | None
    crossing: Crossing | None

    @property
    def overall(self) -> Estimate:
        """The geometric mean of the ratios over all sizes, with its bootstrap interval."""
        n, value, low, high = (self.ratios[name].iloc[-1] for name in ("sizes", "ratio", "low", "high"))
        return Estimate(float(value), int(n), "size", float(low), float(high))


def laws(points: pd.DataFrame) -> dict[tuple[str, str], PowerLaw]:
    """Fit a power law to the errors of each model on each data set that have enough sizes.

    Parameters
    ----------
    points
        From `sample_efficiency.points`.
    """
    groups = {
        (str(dataset), str(model)): rows for (dataset, model), rows in points.groupby(["dataset", "model"], sort=False)
    }
    return {
        name: power_laws.fit(rows["size"], rows["mae"])
        for name, rows in groups.items()
        if rows["size"].nunique() >= power_laws.FEWEST
    }


def compare(points: pd.DataFrame, rival: Rival, stores: Iterable[Store] | None = None) -> dict[str, Comparison]:
    """Compare L-G-DCNN with a rival on each data set that has records of both.

    Parameters
    ----------
    points
        From `sample_efficiency.points`.
    rival
        ``"CrabNet"``; or ``"trees"``, on each data set the baseline with the lower validation MAE (geometric mean over
        the runs that both have).
    stores
        Stores that hold the records; the default is both.
    """
    stores = None if stores is None else list(stores)
    found = {}
    for dataset, rows in points.groupby("dataset", sort=False):
        other = _better_baseline(rows) if rival == "trees" else rival
        ratios = equal_sizes.ratios(rows, MODEL, other, stores)
        if ratios.empty:
            continue
        each = ratios.iloc[:-1]
        law = power_laws.fit(each["size"], each["ratio"]) if len(each) >= power_laws.FEWEST else None
        crossing = power_laws.crossing(law, each["size"].min(), each["size"].max()) if law else None
        found[str(dataset)] = Comparison(other, ratios, law, crossing)
    return found


def verdict(rival: Rival, comparisons: Mapping[str, Comparison]) -> Verdict:
    """Judge whether L-G-DCNN has lower errors than a rival for the same training compounds.

    Parameters
    ----------
    rival
        As in `compare`.
    comparisons
        From `compare`.

    Returns
    -------
    Verdict
        Its numbers are the test MAE over the rival's, a geometric mean over the sizes of each data set, with the
        interval over test compounds, seeds and subsets. A data set with fewer than `power_laws.FEWEST` sizes does not
        count. "Reproduced" if the interval lies below 1 on every data set, "in part" if on some, "not reproduced" if on
        none while it lies above 1 on at least one.
    """
    claim = CLAIMS[rival]
    known = {name: each for name, each in comparisons.items() if each.law is not None}
    if not known:
        why = f"No data set has both models at {power_laws.FEWEST} sizes yet."
        return untested(claim, "paper", why, NOTEBOOK)
    estimates = [each.overall for each in known.values()]
    outcomes = [judge(each, 1, "below") for each in estimates]
    lower, higher = outcomes.count(Outcome.REPRODUCED), outcomes.count(Outcome.NOT_REPRODUCED)
    n, values = len(known), [each.value for each in estimates]
    theirs = "CrabNet's" if rival == "CrabNet" else "that of the better tree baseline"
    return Verdict(
        claim=claim,
        by="paper",
        tested=listed([f"{place(name)} at {counted(each.overall.n, 'size')}" for name, each in known.items()]),
        quantity=f"test MAE over {theirs}, with the same training compounds, by data set",
        published=(),
        ours=tuple(estimates),
        outcome=_together(lower, higher, n),
        sentence=(
            f"Trained on the same compounds, {MODEL}'s MAE is {span(min(values), max(values), '.2f')} times {theirs}: "
            f"lower on {lower} of {counted(n, 'data set')}, higher on {higher}."
        ),
        notebook=NOTEBOOK,
        form=".2f",
        detail=_exponents(known),
    )


def run_table(points: pd.DataFrame) -> pd.DataFrame:
    """Count the runs of the study that there are, such as "16 of 24", by data set (rows) and model (columns)."""
    planned = Counter((spec.dataset, spec.model) for spec in sample_efficiency.runs())
    made = Counter(zip(points["dataset"], points["model"], strict=True))
    models = dict.fromkeys(model for _, model in planned)
    rows = {
        place(dataset): {
            BASELINES.get(each, each): f"{made[dataset, each]} of {planned[dataset, each]}" for each in models
        }
        for dataset, _ in sample_efficiency.SETS
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("data set")


def law_table(points: pd.DataFrame, fitted: Mapping[tuple[str, str], PowerLaw]) -> pd.DataFrame:
    """Write the fitted laws as text, one row per data set and model, with 95 % intervals."""
    rows = {}
    for (dataset, model), law in fitted.items():
        runs = points[(points["dataset"] == dataset) & (points["model"] == model)]
        (low, high), (at_low, at_high) = law.exponent_interval, law.reference_interval
        rows[place(dataset), BASELINES.get(model, model)] = {
            "exponent": f"{law.exponent:.3f} ({low:.3f} to {high:.3f})",
            f"MAE at {power_laws.REFERENCE:,.0f} compounds": (
                f"{four_digits(law.at_reference)} ({four_digits(at_low)} to {four_digits(at_high)})"
            ),
            "scatter about the law": f"{100 * law.scatter:.1f} %",
            "sizes": law.n,
            "runs": len(runs),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["data set", "model"]) if rows else pd.DataFrame()


def crossing_table(comparisons: Iterable[Mapping[str, Comparison]]) -> pd.DataFrame:
    """Write comparisons as text, one row per data set and rival: ratio, difference of exponents, crossing."""
    rows = {}
    for by_set in comparisons:
        for dataset, each in by_set.items():
            if each.law is None or each.crossing is None:
                continue
            rows[place(dataset), BASELINES.get(each.rival, each.rival)] = {
                "MAE over the rival's, all sizes": _with_interval(
                    each.overall.value, each.overall.low, each.overall.high
                ),
                "exponent minus the rival's": _with_interval(
                    each.law.exponent, *each.law.exponent_interval, form="+.3f"
                ),
                "equal errors at": _meeting(each),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["data set", "rival"]).sort_index(level=0, sort_remaining=False) if rows else table


def size_table(comparisons: Iterable[Mapping[str, Comparison]]) -> pd.DataFrame:
    """Write the MAE over each rival's (columns), with its interval, for each data set and size (rows)."""
    cells = [
        {
            "data set": place(dataset),
            "compounds": int(row["size"]),
            "rival": "over " + ("CrabNet's" if each.rival == "CrabNet" else "the better baseline's"),
            "text": f"{_with_interval(row['ratio'], row['low'], row['high'])}, n = {row['runs']}",
        }
        for by_set in comparisons
        for dataset, each in by_set.items()
        for row in each.ratios.iloc[:-1].to_dict("records")
    ]
    if not cells:
        return pd.DataFrame()
    wide = pd.DataFrame(cells).pivot_table("text", ["data set", "compounds"], "rival", aggfunc="first", sort=False)
    return wide.rename_axis(columns=None).fillna("-")


def _better_baseline(rows: pd.DataFrame) -> str:
    """Return the baseline with the lower validation MAE over the runs that both have; the first if there are none."""
    names = list(sample_efficiency.BASELINES)
    errors = rows.pivot_table("val_mae", ["size", "seed"], "model").reindex(columns=names)
    present = [name for name in names if errors[name].notna().any()] or names
    common = errors[present].dropna()
    return str(np.log(common).mean().idxmin()) if len(common) else present[0]


def _together(lower: int, higher: int, n: int) -> Outcome:
    """Return the outcome on n data sets together, given on how many the error is lower, and higher."""
    if lower == n:
        return Outcome.REPRODUCED
    if lower:
        return Outcome.IN_PART
    return Outcome.NOT_REPRODUCED if higher else Outcome.OPEN


def _exponents(known: Mapping[str, Comparison]) -> str:
    """Say on how many data sets the error falls faster, or slower, than the rival's."""
    intervals = [each.law.exponent_interval for each in known.values() if each.law is not None]
    faster, slower = sum(low > 0 for low, _ in intervals), sum(high < 0 for _, high in intervals)
    return f"With more compounds its error falls faster on {faster} of {len(intervals)}, and slower on {slower}."


def _meeting(each: Comparison) -> str:
    """Say where two laws meet."""
    found = each.crossing
    assert found is not None
    possible = "" if math.isnan(found.low) else span(found.low, found.high, ",.0f")
    if not math.isnan(found.size):
        return f"{found.size:,.0f} compounds ({possible})"
    return "none within the measured range" + (possible and f", but possible from {possible}")


def _with_interval(value: float, low: float, high: float, form: str = ".3f") -> str:
    """Write a number with its interval, if it has one."""
    if math.isnan(low):
        return format(value, form)
    return f"{value:{form}} ({low:{form}} to {high:{form}})"
