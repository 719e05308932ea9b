"""Claims of the paper: each number that it prints for L-G-DCNN in Tables 1 and 2.

A training by the paper recipe repeats the published one, so it judges the number either way. Another training can show
that the network reaches the number, but never that it does not.
"""

import math
from typing import Any, Literal

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims.errors import MODEL, NOTEBOOKS
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, untested
from lgdcnn_core.training import FAST


def verdicts(compared: pd.DataFrame, published: "pd.Series[float]", table: Literal[1, 2]) -> list[Verdict]:
    """Judge each number.

    Parameters
    ----------
    compared
        From `errors.against_published` with records, of one store.
    published
        MAE by data set; in Table 2, the mean of the five official folds.
    table
        Table of the paper that the numbers are in.

    Returns
    -------
    list of Verdict
        One for each number, in their order. "Reproduced" if our MAE is at or below the published one; "within what
        seeds and test compounds leave open" if the published one is inside our interval; "not reproduced" if the
        paper's own training, by us, has a higher one; "not testable here" without such a training, unless the fast
        recipe reaches the number. Over five folds, the interval combines those of the folds in quadrature.
    """
    own = compared[compared["model"] == MODEL]
    return [_on_one(str(name), float(value), own[own["dataset"] == name], table) for name, value in published.items()]


def _on_one(dataset: str, published: float, rows: pd.DataFrame, table: Literal[1, 2]) -> Verdict:
    card = benchmarks.card(dataset)
    claim = f"{MODEL} has a test MAE of {_with_unit(published, card.unit)} on {card.label}"
    repeated, fast = (_measured(rows[kind], table) for kind in (rows["same_training"], by_fast_recipe(rows)))
    ours = repeated or fast
    if ours is None:
        why = "Neither the paper recipe nor the fast one has been run on it."
        if table == 2 and len(rows):
            why = f"Neither the paper recipe nor the fast one has been run on all {N_FOLDS} folds."
        return untested(claim, "paper", why, NOTEBOOKS[table])
    outcome = _outcome(ours, published)
    said = f"our MAE is {_with_unit(ours.value, card.unit)}, {_percent(ours.value, published)}"
    if repeated is None and outcome is Outcome.NOT_REPRODUCED:
        why = f"We have not repeated its training; by the fast recipe, {said}, which does not refute it."
        return untested(claim, "paper", why, NOTEBOOKS[table])
    how = "the paper recipe" if repeated else "the fast recipe, which is another training"
    return Verdict(
        claim=claim,
        by="paper",
        tested=f"{card.label}, {'paper' if repeated else 'fast'} recipe",
        quantity=wording.label("test MAE", card.unit),
        published=(published,),
        ours=(ours,),
        outcome=outcome,
        sentence=f"By {how}, {said}.",
        notebook=NOTEBOOKS[table],
        form=".4g",
    )


def by_fast_recipe(rows: pd.DataFrame) -> "pd.Series[Any]":
    """Tell which rows are of the whole fast recipe, on whole training parts without validation data.

    Parameters
    ----------
    rows
        From `runs.load_records` or `runs.summarise`.
    """
    whole = (rows["train_fraction"] == 1) & ~rows["refit"].astype(bool)
    setting = wording.own_setting(FAST.name)
    return whole & (rows["recipe"] == FAST.name) & (rows["setting"] == setting) & (rows["epochs"] == FAST.epochs)


def _measured(rows: pd.DataFrame, table: Literal[1, 2]) -> Estimate | None:
    """Our number with its interval; None if there is none, or not of all folds."""
    folds = 1 if table == 1 else N_FOLDS
    if len(rows) != folds:
        return None
    value = float(rows["mean"].mean())
    below, above = (math.hypot(*(rows[end] - rows["mean"])) / folds for end in ("low", "high"))
    n, counted = (int(rows["n"].iloc[0]), "seed") if table == 1 else (folds, "official fold")
    return Estimate(value, n, counted, value - below, value + above)


def _outcome(ours: Estimate, published: float) -> Outcome:
    if ours.value <= published:
        return Outcome.REPRODUCED
    return Outcome.OPEN if published >= ours.low else Outcome.NOT_REPRODUCED


def _with_unit(value: float, unit: str) -> str:
    return f"{value:.4g}" + ("" if unit == "1" else f" {wording.unit_text(unit)}")


def _percent(value: float, published: float) -> str:
    return f"{abs(100 * (value / published - 1)):.1f} % {'above' if value > published else 'below'} the published one"
