"""Claim of the paper: L-G-DCNN surpasses the other models on 28 data sets.

Two questions: do the published numbers say so, and is our L-G-DCNN better than our CrabNet, both trained alike?
"""

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, judge, share_of, untested
from lgdcnn_core.companion.runs.paired import CONDITION

MODEL, RIVAL = "L-G-DCNN", "CrabNet"

CLAIM_ALIKE = f"{MODEL} is more accurate than {RIVAL}"

NOTEBOOK = "02_benchmark_table"

MISQUOTED = 0.001
"""Two transcriptions of one MAE that differ by more than this, in its unit, are different numbers."""

_TRAINING = [name for name in CONDITION["model"] if name not in ("dataset", "fold")]


def rivals() -> pd.DataFrame:
    """Set the published L-G-DCNN beside the best other model of the same source, on each of the 28 data sets.

    Returns
    -------
    DataFrame
        One row per data set (index), with the paper's MAE or, on Matbench, the mean of the five official folds:
        ``L-G-DCNN``, ``best other``, ``which``, and ``wins``. On the extended sets the others are those of CrabNet's
        own table, which leaves pure elements out; on Matbench, the composition-only submissions.
    """
    names = benchmarks.names("extended")
    ours = benchmarks.published("lgdcnn_paper").set_index("dataset").loc[names, MODEL]
    others = benchmarks.published("crabnet_paper").set_index("dataset").loc[names]
    others = others.drop(columns=["n_train", "n_val", "n_test"])
    folds = matbench_means()
    ours = pd.concat([ours, folds[MODEL]])
    others = pd.concat([others, folds.drop(columns=MODEL)])
    return pd.DataFrame({MODEL: ours, "best other": others.min(axis=1), "which": others.idxmin(axis=1)}).assign(
        wins=ours < others.min(axis=1)
    )


def matbench_folds() -> pd.DataFrame:
    """Return the published MAE of each model on the official folds of Matbench, models by the name of their network."""
    folds = benchmarks.published("matbench_folds")
    # The file says in brackets who submitted a model; here it is one network among others.
    return folds.assign(model=folds["model"].str.partition(" (")[0].str.partition(",")[0])


def matbench_means() -> pd.DataFrame:
    """Return the published MAE of each model (columns) on the ten Matbench tasks (rows), the mean of the five folds."""
    wide = matbench_folds().pivot_table(index="task", columns="model", values="mae", sort=False)
    return wide.reindex(index=benchmarks.names("matbench", kind="regression"))


def misquoted() -> pd.DataFrame:
    """Find the data sets on which the paper gives CrabNet another MAE than CrabNet's own table.

    Returns
    -------
    DataFrame
        One row per data set (index): ``in the paper`` and ``in CrabNet's table``.
    """
    names = benchmarks.names("extended")
    paper = benchmarks.published("lgdcnn_paper").set_index("dataset").loc[names, RIVAL]
    own = benchmarks.published("crabnet_paper").set_index("dataset").loc[names, "crabnet"]
    table = pd.DataFrame({"in the paper": paper, "in CrabNet's table": own})
    return table[(paper - own).abs() > MISQUOTED]


def by_published_numbers() -> Verdict:
    """Judge the claim by the published numbers alone."""
    table = rivals()
    extended = table.index.isin(benchmarks.names("extended"))
    wins, n = int(table["wins"].sum()), len(table)
    first, second = (f"{table['wins'][part].sum()} of {part.sum()}" for part in (extended, ~extended))
    return Verdict(
        claim=f"{MODEL} surpasses the other models on {n} data sets",
        by="paper",
        tested="the published numbers",
        quantity="data sets on which it has the lowest published MAE",
        published=(float(n),),
        # The 28 sets are all that the claim is about: nothing is drawn, so there is no interval.
        ours=(Estimate(wins, n, "data set"),),
        outcome=Outcome.REPRODUCED if wins == n else Outcome.IN_PART if wins else Outcome.NOT_REPRODUCED,
        sentence=(
            f"It has the lowest published MAE on {first} extended sets and {second} Matbench tasks "
            f"({_best_known()} against the best known today)."
        ),
        notebook=NOTEBOOK,
        form=".0f",
    )


def trained_alike(differences: pd.DataFrame) -> list[Verdict]:
    """Judge for each kind of training whether our L-G-DCNN is more accurate than our CrabNet.

    Parameters
    ----------
    differences
        From `runs.paired_differences` of these two models.

    Returns
    -------
    list of Verdict
        The kind of training with the most data sets first. Its number counts the data sets (folds) on which L-G-DCNN
        is better, with Wilson's interval. The claim is judged by the data sets on which the test compounds distinguish
        the two: "reproduced" if the interval of the share on which L-G-DCNN is better lies above one half.
    """
    if differences.empty:
        return [untested(CLAIM_ALIKE, "paper", "No data set has records of both networks, trained alike.", NOTEBOOK)]
    groups = [rows for _, rows in differences.groupby(_TRAINING, sort=False)]
    return [_of_training(rows) for rows in sorted(groups, key=len, reverse=True)]


def _best_known() -> int:
    """Count the Matbench tasks on which no composition-only result that we know of is better."""
    best = benchmarks.published("matbench_best")
    return int((best["model"] == MODEL).sum())


def _of_training(rows: pd.DataFrame) -> Verdict:
    first, n = rows.iloc[0], len(rows)
    better, worse = (int((rows["verdict"] == verdict).sum()) for verdict in ("better", "worse"))
    decided = better + worse
    training = wording.way_of_training(first["recipe"], first["setting"], first["epochs"], refit=bool(first["refit"]))
    return Verdict(
        claim=CLAIM_ALIKE,
        by="paper",
        tested=f"{wording.counted(n, 'data set')}, {training}",
        quantity="data sets on which L-G-DCNN has the lower MAE, beyond the choice of test compounds",
        published=(),
        ours=(share_of(better, n, "data set"),),
        outcome=judge(share_of(better, decided, "data set"), decided / 2, "above") if decided else Outcome.OPEN,
        sentence=(f"Trained alike, it is better on {better} of {wording.counted(n, 'data set')} and worse on {worse}."),
        notebook=NOTEBOOK,
        form=".2g",
        detail=f"We could not distinguish them on {n - decided} ({training}).",
    )
