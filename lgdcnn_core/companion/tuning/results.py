"""The study's results as readable tables: trials, single questions, data sets, ensembles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.tuning.comparison import Metric, by_dataset, compare
from lgdcnn_core.companion.tuning.ensemble import mixtures
from lgdcnn_core.companion.tuning.record import TrialStore
from lgdcnn_core.companion.tuning.spec import Trial
from lgdcnn_core.companion.tuning.trials import BASELINE, TRIALS
from lgdcnn_core.training import MANY

ALL_SETS = "all sets"


@dataclass(frozen=True)
class Question:
    """A question that two trials answer.

    Attributes
    ----------
    text
        The change in question.
    trial, against
        Names of the trial with the change and of the one without it.
    precision
        Precision that the trainings without the change must have; None allows any.
    """

    text: str
    trial: str
    against: str
    precision: str | None = None


QUESTIONS = (
    Question("float32 in place of bfloat16", "pauling-only-float32", "pauling-only", precision="bfloat16"),
    Question("start from formation enthalpies", "transfer-enthalpy", "pauling-only"),
    Question("start from volumes per atom", "transfer-volume", "pauling-only"),
    Question("start from enthalpies: half the learning rate", "transfer-lr5e-4", "transfer-enthalpy"),
    Question("start from enthalpies: add dropout", "transfer-dropout0.1", "transfer-enthalpy"),
    Question("start from all 18 properties, not from enthalpies", "joint-transfer", "transfer-enthalpy"),
)
"""Questions that trials answer when compared with each other; the baseline answers the rest."""


def changes(trial: Trial) -> str:
    """Describe how a trial differs from L-G-DCNN by the fast recipe as it was when the study began."""
    parts = [f"{field} = {value}" for field, value in trial.changes.items()]
    if trial.base == "paper":
        parts.insert(0, "paper recipe")
    if trial.model != "L-G-DCNN":
        parts.append(trial.model)
    if trial.elements != "mat2vec":
        parts.append(trial.elements)
    if trial.setting == "published":
        parts.append("padded setting")
    return ", ".join(parts) or "none"


def many_table(table: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the trainings on more than `training.MANY` compounds: their length, rate, error and time.

    Parameters
    ----------
    table
        From `load_trials`, of one store.

    Returns
    -------
    DataFrame
        One row per training, the lowest error first within a data set: ``dataset``, ``trial``, ``batch``, ``epochs``,
        ``steps``, ``rate``; ``MAE`` of the kept weights and ``at the end``, on validation data in the property's unit;
        ``best epoch``; ``minutes``, of which those beside other trainings are upper bounds.
    """
    n_train = table["dataset"].map(lambda name: benchmarks.card(name).n_train).astype(int)
    rows = table[n_train > MANY].assign(n_train=n_train)
    recipes = [TRIALS[name].recipe() for name in rows["trial"]]
    batches = [recipe.batch_size_for(n) for recipe, n in zip(recipes, rows["n_train"], strict=True)]
    return (
        pd.DataFrame(
            {
                "dataset": rows["dataset"].map(lambda name: benchmarks.card(name).label),
                "trial": rows["trial"],
                "batch": batches,
                "epochs": rows["epochs"],
                "steps": rows["epochs"] * -(-rows["n_train"] // np.array(batches, dtype=int)),
                "rate": [recipe.lr_max for recipe in recipes],
                "MAE": rows["val_mae"],
                "at the end": rows["last_val_error"],
                "best epoch": rows["best_epoch"],
                "minutes": rows["seconds"] / 60,
            }
        )
        .sort_values(["dataset", "MAE"], kind="stable")
        .set_index("trial")
    )


def trial_table(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> pd.DataFrame:
    """Tabulate the trials that were run, the lowest error first.

    Parameters
    ----------
    table
        From `load_trials`, of one store.
    baseline, metric
        As in `compare`.

    Returns
    -------
    DataFrame
        One row per trial (index): its reason and changes; ``trainings``; ``MAE ratio`` and ``time ratio`` to the
        baseline; ``chance alone``, the band in which 95 % of trials that change nothing would lie, as text;
        ``verdict``. The ratios are missing where no training of the baseline has the same data set, fold and seed.
    """
    compared = compare(table, baseline, metric).set_index("trial")
    names = list(compared.index)
    return pd.DataFrame(
        {
            "reason": [TRIALS[name].why for name in names],
            "changes": [changes(TRIALS[name]) for name in names],
            "trainings": table["trial"].value_counts().reindex(names),
            "MAE ratio": compared["ratio"],
            "chance alone": _bands(compared),
            "time ratio": compared["seconds_ratio"],
            "verdict": compared["verdict"],
        },
        index=compared.index,
    )


def frontier(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> pd.DataFrame:
    """Select the rows of `trial_table` that no other trial beats in both error and time, the fastest first."""
    rows = trial_table(table, baseline, metric).dropna(subset=["MAE ratio", "time ratio"])
    rows = rows[rows["verdict"] != "diverged"].sort_values("time ratio")
    before = rows["MAE ratio"].cummin().shift(fill_value=np.inf)
    return rows.loc[rows["MAE ratio"] < before, ["changes", "MAE ratio", "time ratio", "verdict"]]


def set_table(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> pd.DataFrame:
    """Tabulate the mean validation MAE of each trial (rows) on each data set (columns), in the property's unit.

    Only trainings that pair with one of the baseline count. Parameters are as in `trial_table`.
    """
    of_sets = by_dataset(table, baseline, metric)
    order = compare(table, baseline, metric)["trial"]
    wide = of_sets.pivot_table(index="trial", columns="dataset", values="mean", sort=False)
    names = [name for name in benchmarks.names() if name in wide]
    return wide.reindex(index=[name for name in order if name in wide.index], columns=names)


def question_table(
    table: pd.DataFrame, questions: Sequence[Question] = QUESTIONS, metric: Metric = "val_mae"
) -> pd.DataFrame:
    """Tabulate the answers to questions that compare one trial with another.

    Parameters
    ----------
    table
        From `load_trials`, of one store.
    questions
        The questions; those without a pair of trainings are left out.
    metric
        As in `compare`.

    Returns
    -------
    DataFrame
        Rows: question, and data set with `ALL_SETS` last. ``pairs`` of trainings; mean ``MAE`` with and ``without`` the
        change, on each set; their ratio, geometric over sets; ``chance alone`` and ``verdict`` over all sets, as in
        `trial_table`; ``time ratio``.
    """
    rows = []
    for question in questions:
        without = (table["trial"] == question.against) & (
            (table["precision"] == question.precision) if question.precision else True
        )
        both = table[without | (table["trial"] == question.trial)]
        of_sets = by_dataset(both, question.against, metric).query("trial == @question.trial")
        overall = compare(both, question.against, metric).query("trial == @question.trial and pairs > 0")
        for row in of_sets.itertuples():
            of_set = {
                "MAE": row.mean,
                "without": row.baseline_mean,
                "ratio": row.ratio,
                "time ratio": row.seconds_ratio,
            }
            rows.append((question.text, benchmarks.card(str(row.dataset)).label, {"pairs": row.pairs} | of_set))
        for row, band in zip(overall.itertuples(), _bands(overall), strict=True):
            of_all = {"pairs": row.pairs, "ratio": row.ratio, "time ratio": row.seconds_ratio}
            rows.append((question.text, ALL_SETS, of_all | {"chance alone": band, "verdict": row.verdict}))
    columns = ["pairs", "MAE", "without", "ratio", "chance alone", "time ratio", "verdict"]
    index = pd.MultiIndex.from_tuples([row[:2] for row in rows] or [], names=["question", "data set"])
    return pd.DataFrame([row[2] for row in rows], index=index, columns=columns)


def ensemble_table(together: pd.DataFrame) -> pd.DataFrame:
    """Tabulate how much the mean prediction of a trial's seeds gains over one seed.

    Parameters
    ----------
    together
        From `ensembles`.

    Returns
    -------
    DataFrame
        One row per trial (index): data sets (folds), seeds on each, the sets on which the mean has the lower error, and
        the geometric mean over sets of its MAE over that of one seed.
    """
    logs = together.assign(log=np.log(together["ratio"].astype(float)), lower=together["ratio"] < 1)
    groups = logs.groupby("trial", sort=False)
    return pd.DataFrame(
        {
            "data sets": groups.size(),
            "seeds": groups["seeds"].agg(lambda seeds: ", ".join(map(str, sorted(seeds.unique())))),
            "lower on": groups["lower"].sum(),
            "MAE ratio": np.exp(groups["log"].mean()),
        }
    ).sort_values("MAE ratio", kind="stable")


def mixture_table(store: TrialStore, starts: Sequence[str], members: int = 3) -> pd.DataFrame:
    """Tabulate the validation MAE of mixtures of networks with two starts, on the sets with few compounds.

    Parameters
    ----------
    store, starts, members
        As in `mixtures`, with two trials.

    Returns
    -------
    DataFrame
        One row per data set, one column per mixture, from networks of the first trial alone to networks of the second
        alone. A column's name is a tuple: the number of networks of each trial.
    """
    wide = mixtures(store, starts, members).pivot_table("mae", "dataset", "mixture")
    return wide.reindex(index=[name for name in benchmarks.few_compounds() if name in wide.index]).sort_index(
        axis="columns", ascending=False
    )


def _bands(compared: pd.DataFrame) -> list[str]:
    return [
        "-" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
        for low, high in zip(compared["low"], compared["high"], strict=True)
    ]
