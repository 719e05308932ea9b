"""Our claim: the fast recipe is as accurate as the paper recipe, in a fifth of the epochs."""

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims.verdict import Verdict, judge, mean_ratio, untested
from lgdcnn_core.training import FAST, PAPER

CLAIM = "The fast recipe is as accurate as the paper recipe"

NOTEBOOK = "12_recipe"


def verdict(differences: pd.DataFrame, records: pd.DataFrame) -> Verdict:
    """Judge the fast recipe against our runs of the paper recipe.

    Parameters
    ----------
    differences
        From ``runs.paired_differences(records, "fast", "paper", by="recipe")``.
    records
        The records that it was made from, of one store and network.

    Returns
    -------
    Verdict
        Its number is the geometric mean over data sets (folds) of the test MAE by the fast recipe over that by the
        paper recipe, with Student's interval: "reproduced" if the interval lies below 1, "not reproduced" if above.
    """
    if differences.empty:
        return untested(CLAIM, "project", "No data set has records of both recipes.", NOTEBOOK)
    folds = records.assign(fold=records["fold"].fillna(-1))
    errors = folds.pivot_table("mae", ["dataset", "fold"], "recipe").dropna()
    ratio = mean_ratio(errors[FAST.name] / errors[PAPER.name], "data set")
    return Verdict(
        claim=CLAIM,
        by="project",
        tested=wording.counted(len(differences), "data set"),
        quantity="test MAE by the fast recipe over that by the paper recipe",
        published=(),
        ours=(ratio,),
        outcome=judge(ratio, 1, "below"),
        sentence=_sentence(differences),
        notebook=NOTEBOOK,
        detail=f"It trains for {FAST.epochs} epochs, the paper recipe for {PAPER.epochs}.",
    )


def _sentence(differences: pd.DataFrame) -> str:
    said = []
    for verdict_, words in (("worse", "the paper recipe is better on"), ("better", "the fast recipe is better on")):
        names = [benchmarks.card(name).label for name in differences.loc[differences["verdict"] == verdict_, "dataset"]]
        said += [f"{words} {wording.listed(names)}"] if names else []
    alike = int((~differences["verdict"].isin(["better", "worse"])).sum())
    first = (
        f"On the same compounds we could not distinguish them on {alike} of {wording.counted(len(differences), 'set')}"
    )
    return f"{'; '.join([first, *said])}."
