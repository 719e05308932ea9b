"""Our claims: stated uncertainties are calibrated as they come; and calibrated intervals hold the share they state."""

import pandas as pd

from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, mean_of, untested, within
from lgdcnn_core.companion.uncertainty import ENSEMBLE, JOINT, NAMED, SHARE, SINGLE, by_set

CLAIMS = "Stated uncertainties are calibrated as they come", "Calibrated intervals hold the share that they state"

NOTEBOOK = "08_uncertainty"

MARGIN = 0.05
"""Coverage may differ by this much from the stated share."""

NETWORKS = (SINGLE, ENSEMBLE, JOINT)
"""Ways to state an uncertainty that are judged."""

SCORE = "std-normalised"


def verdicts(fit: pd.DataFrame, intervals: pd.DataFrame) -> list[Verdict]:
    """Judge the uncertainties as they are stated, and after calibration.

    Parameters
    ----------
    fit
        From `uncertainty.fit`.
    intervals
        From `uncertainty.intervals`.

    Returns
    -------
    list of Verdict
        Two. The numbers are the mean test coverage over data sets of the intervals for `uncertainty.SHARE` of the
        values, one for each of `NETWORKS` that has records, with Student's interval.
    """
    if not intervals.empty:
        intervals = intervals[(intervals["share"] == SHARE) & (intervals["score"] == SCORE)]
    return [
        _verdict(CLAIMS[0], fit, "coverage_Laplace", "as they are stated"),
        _verdict(CLAIMS[1], intervals, "coverage", "calibrated on validation data"),
    ]


def judge_share(estimate: Estimate) -> Outcome:
    """Judge a coverage: "reproduced" if its whole interval is within `MARGIN` of the share, "not" if all is outside."""
    low, high = SHARE - MARGIN, SHARE + MARGIN
    if estimate.low >= low and estimate.high <= high:
        return Outcome.REPRODUCED
    if estimate.high < low or estimate.low > high:
        return Outcome.NOT_REPRODUCED
    return Outcome.OPEN


def _verdict(claim: str, table: pd.DataFrame, column: str, words: str) -> Verdict:
    sets = pd.DataFrame(columns=["way"]) if table.empty else by_set(table, [column])
    values = {way: sets.loc[sets["way"] == way, column] for way in NETWORKS if way in set(sets["way"])}
    if not values:
        return untested(claim, "project", "No network has records with the predictions for it.", NOTEBOOK)
    ours = {way: within(mean_of(found, "data set"), 0, 1) for way, found in values.items()}
    judged = {way: judge_share(each) for way, each in ours.items()}
    said = [
        f"{100 * each.value:.0f} %{' of the test values' if not number else ''} by {NAMED[way]}"
        for number, (way, each) in enumerate(ours.items())
    ]
    return Verdict(
        claim=claim,
        by="project",
        tested=wording.counted(int(sets.loc[sets["way"].isin(list(ours)), "dataset"].nunique()), "data set"),
        quantity=f"share of the test values in the intervals for {SHARE:.0%}",
        published=(),
        ours=tuple(ours.values()),
        outcome=_together(list(judged.values())),
        sentence=f"Intervals for {100 * SHARE:.0f} %, {words}, hold {wording.listed(said)}.",
        notebook=NOTEBOOK,
        form=".3f",
        detail=_detail(judged),
    )


def _together(outcomes: list[Outcome]) -> Outcome:
    """Return the outcome that all have; "in part" if some are reproduced and some are not; else "left open"."""
    found = set(outcomes)
    if len(found) == 1:
        return outcomes[0]
    return Outcome.IN_PART if {Outcome.REPRODUCED, Outcome.NOT_REPRODUCED} <= found else Outcome.OPEN


def _detail(judged: dict[str, Outcome]) -> str:
    """Say which ways are judged calibrated, which are not, and which are left open."""
    names = {
        outcome: [NAMED[way] for way, each in judged.items() if each is outcome]
        for outcome in (Outcome.REPRODUCED, Outcome.NOT_REPRODUCED, Outcome.OPEN)
    }
    texts = {
        Outcome.REPRODUCED: f"Within {100 * MARGIN:.0f} points",
        Outcome.NOT_REPRODUCED: "Further off",
        Outcome.OPEN: "Undecided",
    }
    said = [f"{text}: {wording.listed(names[outcome])}." for outcome, text in texts.items() if names[outcome]]
    return " ".join(said)
