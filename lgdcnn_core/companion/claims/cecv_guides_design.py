"""Claim of the paper: CECV leads to accurate networks."""

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, judge, untested
from lgdcnn_core.companion.design.power import DIRECTION, POOLED, POWER, PREDICTORS, smallest_found
from lgdcnn_core.companion.wording import counted

CLAIM = "A CECV near the target region means an accurate network"

NOTEBOOK = "06_cecv_design"

SCORE = "score"


def verdict(power: pd.DataFrame) -> Verdict:
    """Judge whether networks nearer to the target region have lower validation errors.

    Parameters
    ----------
    power
        From `design.predictive_power`, with the CECV score among the predictors.

    Returns
    -------
    Verdict
        Its number is the pooled rank correlation of score and validation MAE: "reproduced" if its interval lies above
        0, "not reproduced" if it lies below.
    """
    pooled = power[power["dataset"] == POOLED]
    own = pooled[pooled["predictor"] == SCORE].iloc[0]
    n_sets = power.loc[power["dataset"] != POOLED, "dataset"].nunique()
    found_from = smallest_found(own["low"], own["high"])
    estimate = Estimate(float(own["rho"]), int(own["n"]), "candidate", float(own["low"]), float(own["high"]))
    return Verdict(
        claim=CLAIM,
        by="paper",
        tested=(
            f"{own['n']} candidates on {n_sets} small data sets, briefly trained, {counted(own['seeds'], 'seed')} each"
        ),
        quantity="Spearman correlation of the score with the validation MAE, pooled ranks within data sets",
        published=(),
        ours=(estimate,),
        outcome=judge(estimate, 0, "above"),
        sentence=(
            f"Over {own['n']} networks, {_found(own)} (rho {own['rho']:+.2f}, {own['low']:+.2f} to {own['high']:+.2f})."
        ),
        detail=(
            f"We would have found a correlation of {found_from:.2f} with a probability of {POWER:.0%}."
            if judge(estimate, 0, "above") is Outcome.OPEN
            else ""
        ),
        notebook=NOTEBOOK,
        form="+.2f",
    )


def beside_baselines(power: pd.DataFrame) -> str:
    """Say how the score compares with the best plain baseline, which needs no CECV; "" without a baseline.

    Parameters
    ----------
    power
        As in `verdict`.
    """
    pooled = power[power["dataset"] == POOLED]
    baselines = pooled[pooled["predictor"] != SCORE]
    if baselines.empty:
        return ""
    useful = baselines["rho"] * [DIRECTION.get(each, 1) for each in baselines["predictor"]]
    best = baselines.iloc[int(useful.argmax())]
    name = PREDICTORS.get(best["predictor"], best["predictor"])
    found = "We could not distinguish the score from"
    if best["ahead_low"] > 0:
        found = "The score does better than"
    elif best["ahead_high"] < 0:
        found = "The score does worse than"
    return (
        f"{found} the best plain baseline, the {name} (rho {_shown(best)}; difference {best['ahead']:+.2f}, 95 % "
        f"interval {best['ahead_low']:+.2f} to {best['ahead_high']:+.2f})."
    )


def by_set(power: pd.DataFrame) -> str:
    """State the correlation of the score with the error on each data set."""
    own = power[(power["dataset"] != POOLED) & (power["predictor"] == SCORE)]
    return "By data set: " + "; ".join(f"{row['dataset']} rho {_shown(row)}" for _, row in own.iterrows()) + "."


def no_study() -> Verdict:
    """Return the verdict for the case that there is no record of the study."""
    return untested(CLAIM, "paper", "There is no record of the study.", NOTEBOOK)


def _found(row: "pd.Series[float]") -> str:
    if row["low"] > 0:
        return "nearer to the target region is more accurate"
    if row["high"] < 0:
        return "nearer to the target region is less accurate"
    return "the distance does not detectably predict the error"


def _shown(row: "pd.Series[float]") -> str:
    return f"{row['rho']:+.2f}, 95 % interval {row['low']:+.2f} to {row['high']:+.2f}"
