"""Our claim: trained by our recipes, L-G-DCNN has lower errors than the published models.

Each published number is compared with our error on the test rows that it was measured on.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, untested
from lgdcnn_core.companion.runs.ensembles import AND
from lgdcnn_core.companion.wording import STORES, and_validation_data, counted, four_digits, three_decimals

EVERY = "every published model"

MODEL = "L-G-DCNN"

RECIPE = "joint-transfer"
"""The recipe that is judged: validation data chose it (12_recipe)."""

CLAIM = "Our recipes beat the published errors"

NOTEBOOK = "02_benchmark_table"

TRAINING = ["store", "recipe", "setting", "epochs", "train_fraction", "refit"]
"""Columns that describe a training, apart from its network and seed."""

KIND = ["store", "ensemble", "model", *TRAINING[1:]]
"""Columns that identify a kind of run: single networks, or their ensembles."""


def together(summary: pd.DataFrame, ensembles: pd.DataFrame) -> pd.DataFrame:
    """Put single networks and ensembles in one table.

    Parameters
    ----------
    summary
        From `runs.summarise`.
    ensembles
        From `runs.ensembles` and `runs.of_several_networks`.

    Returns
    -------
    DataFrame
        Columns `KIND`, ``dataset``, ``fold``, ``mean`` (MAE; of single networks, the mean over seeds) and ``n``, the
        number of networks.
    """
    columns = [*KIND, "dataset", "fold", "mean", "n"]
    means = ensembles.dropna(subset=["mae"]).rename(columns={"mae": "mean"}).assign(ensemble=True)
    parts = [each[columns] for each in (summary.assign(ensemble=False), means) if len(each)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def over_complete_folds(errors: pd.DataFrame) -> pd.DataFrame:
    """Average the errors of `together` over the five official folds; kinds of run that lack a fold are left out."""
    groups = errors.groupby([*KIND, "dataset"], dropna=False, sort=False)
    found = groups.agg(mean=("mean", "mean"), n=("n", "min"), folds=("fold", "nunique")).reset_index()
    return found[found["folds"] == N_FOLDS].drop(columns="folds")


def standings(
    errors: pd.DataFrame, published: pd.DataFrame, without_pure_elements: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the data sets on which each kind of run is at or below each published model, and below all of them.

    Parameters
    ----------
    errors
        From `together` (sets with one split) or `over_complete_folds`.
    published
        MAE, one row per data set (index), one column per model; missing where nothing was published.
    without_pure_elements
        As `errors`, from `runs.without_pure_elements`: the numbers to compare with the columns
        `benchmarks.WITHOUT_PURE_ELEMENTS`. None: all columns were measured on all test rows, as on Matbench.

    Returns
    -------
    DataFrame
        One row per kind of run: `KIND`, ``n`` (the largest number of networks on a set), ``sets`` (with a number of
        ours), for each published model the number of sets on which our mean is at or below its MAE, and `EVERY`, the
        number of sets on which it is at or below the lowest of the row. A missing published number counts for nobody.
    """
    known = errors.dropna(subset=["mean"])
    less = known if without_pure_elements is None else without_pure_elements
    known = _both_ways(known, less, "mean", [*KIND, "dataset"])
    rows = []
    for kind, own in known.groupby(KIND, dropna=False, sort=False):
        own = own.set_index("dataset")
        theirs = published.loc[own.index]
        below = theirs.ge(_as_measured(own, "mean", published.columns))
        every = (below | theirs.isna()).all(axis=1) & theirs.notna().any(axis=1)
        counts = below.sum().to_dict() | {EVERY: every.sum()}
        rows.append(dict(zip(KIND, kind, strict=True)) | {"n": own["n"].max(), "sets": len(own)} | counts)
    numbers = ["n", "sets", *published.columns, EVERY]
    return pd.DataFrame(rows, columns=[*KIND, *numbers]).astype(dict.fromkeys(numbers, int))


def verdict(table: pd.DataFrame, store: str = "committed", recipe: str = RECIPE) -> Verdict:
    """Judge one recipe: single networks against the paper's, and ensembles against every published model.

    Parameters
    ----------
    table
        From `standings`.
    store, recipe
        Store and recipe of the runs to judge.

    Returns
    -------
    Verdict
        Its numbers count the data sets on which the mean of single networks is at or below the paper's L-G-DCNN, and
        on which the ensemble, trained on validation data too, is below every published model. "Reproduced" if both
        are all sets, "not reproduced" if both are none, else "in part". The sets are given, so there is no interval.
    """
    own = table[(table["store"] == store) & (table["recipe"] == recipe) & (table["model"] == MODEL)]
    single = own[~own["ensemble"].astype(bool) & ~own["refit"].astype(bool)]
    joined = own[own["ensemble"].astype(bool) & own["refit"].astype(bool)]
    if single.empty or joined.empty:
        return untested(
            CLAIM, "project", f"There are no single networks and ensembles by the {recipe} recipe.", NOTEBOOK
        )
    one, many = single.iloc[0], joined.iloc[0]
    counts = [(int(one[MODEL]), int(one["sets"])), (int(many[EVERY]), int(many["sets"]))]
    outcome = Outcome.IN_PART
    if all(wins == sets for wins, sets in counts):
        outcome = Outcome.REPRODUCED
    elif not any(wins for wins, _ in counts):
        outcome = Outcome.NOT_REPRODUCED
    return Verdict(
        claim=CLAIM,
        by="project",
        tested=f"{counted(counts[0][1], 'data set')}, {recipe} recipe",
        quantity=(
            "data sets at or below the paper's L-G-DCNN (single networks), and below every published model (ensembles "
            "that learnt from validation data too)"
        ),
        published=(),
        ours=tuple(Estimate(wins, sets, "data set") for wins, sets in counts),
        outcome=outcome,
        sentence=(
            f"By {recipe}, single networks match or beat the paper's on {counts[0][0]} of {counts[0][1]} sets; "
            f"ensembles refit with validation data beat every published model on {counts[1][0]}."
        ),
        notebook=NOTEBOOK,
        form=".0f",
    )


def shortfalls(
    compared: pd.DataFrame,
    ensembles: pd.DataFrame,
    published: pd.DataFrame,
    without_pure_elements: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find the sets on which a network is above its published number, or no ensemble is below all published numbers.

    Parameters
    ----------
    compared
        From `errors.against_published`; the rows that repeat the paper's training are not judged but set beside the
        others.
    ensembles
        From `runs.ensembles` and `runs.of_several_networks`; ensembles that the network takes part in count.
    published
        MAE, one row per data set (index), one column per model.
    without_pure_elements
        Ensembles as `ensembles`, with ``pure_elements=False``: see `standings`.

    Returns
    -------
    DataFrame
        Rows of `compared`, with ``ensembles``, a list of (networks, members, MAE, published model, its MAE), where the
        published model is the one that is hardest to beat and our MAE is that on its test rows; and ``repeated``, the
        mean MAE of that network in the paper's own training by us, missing where there is none.
    """
    repeated = compared[compared["same_training"]].rename(columns={"mean": "repeated"})
    table = compared[~compared["same_training"]].merge(
        repeated[["store", "dataset", "model", "repeated"]], how="left", on=["store", "dataset", "model"]
    )
    less = ensembles if without_pure_elements is None else without_pure_elements
    both_ways = _both_ways(ensembles, less, "mae", ["dataset", "model", *TRAINING])
    found = [_taking_part(row, both_ways, published) for _, row in table.iterrows()]
    table["ensembles"] = pd.Series(found, index=table.index, dtype=object)
    above = [bool(each) and all(mae > theirs for *_, mae, _, theirs in each) for each in found]
    return table[(table["mean"] > table["published"]) | pd.Series(above, index=table.index, dtype=bool)]


def shortfall_table(short: pd.DataFrame, labels: Mapping[str, str], trials: Mapping[str, int]) -> pd.DataFrame:
    """Write the result of `shortfalls` as a readable table.

    Parameters
    ----------
    short
        From `shortfalls`.
    labels
        Name of each data set for readers.
    trials
        How many trials were made on the validation data of each data set.

    Returns
    -------
    DataFrame
        One row per kind of training and data set, all texts: our MAE and its distance from the published one of the
        same network, the ensembles that the network takes part in, each beside the published model that is hardest to
        beat on its own test rows, the paper recipe run by us, and the number of trials.
    """
    rows = [
        {
            "store": STORES[row["store"]],
            "recipe": row["recipe"] + and_validation_data(row["refit"]),
            "data set": labels[row["dataset"]],
            "MAE": f"{four_digits(row['mean'])} (n = {row['n']})",
            f"the paper's {MODEL}": f"{three_decimals(row['published'])} ({_apart(row['mean'], row['published'])})",
            "ensembles": "; ".join(_ensemble_text(*each) for each in row["ensembles"]) or "-",
            "paper recipe, our run": "not run" if pd.isna(row["repeated"]) else four_digits(row["repeated"]),
            "trials": trials.get(row["dataset"], 0),
        }
        for _, row in short.iterrows()
    ]
    return pd.DataFrame(rows)


def _ensemble_text(networks: str, members: int, mae: float, rival: str, theirs: float) -> str:
    rows = " without pure elements" if rival in benchmarks.WITHOUT_PURE_ELEMENTS else ""
    return f"{members} {networks}: {four_digits(mae)}{rows}, {_apart(mae, theirs)} {rival}'s {three_decimals(theirs)}"


def _apart(value: float, other: float) -> str:
    return f"{abs(100 * (value / other - 1)):.1f} % {'above' if value > other else 'below'}"


def _taking_part(
    row: "pd.Series[Any]", ensembles: pd.DataFrame, published: pd.DataFrame
) -> list[tuple[str, int, float, str, float]]:
    """Ensembles of the same training that the row's network takes part in, each with its hardest published rival."""
    same = (ensembles[["dataset", *TRAINING]] == row[["dataset", *TRAINING]]).all(axis=1)
    own = ensembles[same & ensembles["model"].map(lambda networks: row["model"] in networks.split(AND)).astype(bool)]
    theirs = published.loc[row["dataset"]]
    found = []
    for (_, each), (_, ours) in zip(
        own.iterrows(), _as_measured(own, "mae", published.columns).iterrows(), strict=True
    ):
        hardest = str((ours / theirs).idxmax())
        found.append((each["model"], each["n"], ours[hardest], hardest, theirs[hardest]))
    return found


def _both_ways(ours: pd.DataFrame, without_pure_elements: pd.DataFrame, value: str, on: list[str]) -> pd.DataFrame:
    """Put the errors without pure elements beside those on all test rows, in a column ``less``."""
    return ours.merge(without_pure_elements[[*on, value]].rename(columns={value: "less"}), how="left", on=on)


def _as_measured(ours: pd.DataFrame, value: str, columns: "pd.Index[str]") -> pd.DataFrame:
    """Return for each published column our value on the test rows that it was measured on."""
    return pd.DataFrame({name: ours["less" if name in benchmarks.WITHOUT_PURE_ELEMENTS else value] for name in columns})
