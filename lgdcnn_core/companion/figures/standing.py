"""On how many data sets ours are ahead, and of whom, and where they are not."""

from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.figures.cells import ENSEMBLES, GROUPS, and_validation_data
from lgdcnn_core.companion.figures.table import four_digits, three_decimals
from lgdcnn_core.companion.runs.ensembles import AND

EVERY = "every published model"

_CONDITION = ["store", "recipe", "setting", "epochs", "train_fraction", "refit"]


def standings(
    cells: pd.DataFrame, published: pd.DataFrame, without_pure_elements: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the data sets on which a column of ours is at or below each published column, and below all of them.

    Parameters
    ----------
    cells
        From `by_configuration` (sets with one split) or `over_folds`.
    published
        MAE, one row a data set (index), one column a model; missing where nothing was published.
    without_pure_elements
        Cells as `cells`, of `runs.without_pure_elements`: what the columns `benchmarks.WITHOUT_PURE_ELEMENTS` are
        compared with. None: all columns are of all test rows, as on Matbench.

    Returns
    -------
    DataFrame
        One row a column of ours: ``group``, ``column``, ``sets`` (with a number of ours), for each published model the
        sets on which our mean is at or below its MAE, and `EVERY`: at or below the lowest of the row. A missing
        published number counts for nobody.
    """
    known = cells.dropna(subset=["mean"])
    known = _both_ways(known, known if without_pure_elements is None else without_pure_elements, "mean")
    rows = []
    for (group, column), own in known.groupby(["group", "column"], sort=False):
        own = own.set_index("dataset")
        theirs = published.loc[own.index]
        below = theirs.ge(_as_measured(own, "mean", published.columns))
        every = (below | theirs.isna()).all(axis=1) & theirs.notna().any(axis=1)
        counts = below.sum().to_dict() | {EVERY: every.sum()}
        rows.append({"group": group, "column": column, "sets": len(own)} | counts)
    columns = ["group", "column", "sets", *published.columns, EVERY]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], int))


def _both_ways(ours: pd.DataFrame, without_pure_elements: pd.DataFrame, value: str) -> pd.DataFrame:
    """Put what was measured without pure elements beside what was measured on all test rows, in a column ``less``."""
    on = [name for name in ours.columns if name in ("group", "column", "dataset", "model", *_CONDITION)]
    return ours.merge(without_pure_elements[[*on, value]].rename(columns={value: "less"}), how="left", on=on)


def _as_measured(ours: pd.DataFrame, value: str, columns: "pd.Index[str]") -> pd.DataFrame:
    """Give for each published column our value on the test rows that it was measured on."""
    return pd.DataFrame({name: ours["less" if name in benchmarks.WITHOUT_PURE_ELEMENTS else value] for name in columns})


def standing(row: "pd.Series[Any]", models: list[str]) -> str:
    """Say in words what one row of `standings` says of these published models and of all of them."""
    counts = [f"the published {model} on {row[model]}" for model in models] + [f"{EVERY} on {row[EVERY]}"]
    kind = "" if str(row["group"]).endswith(ENSEMBLES) else " (single networks, mean over seeds)"
    return (
        f"{row['group']}: {row['column']}{kind} has records of {_sets(row['sets'])}; its MAE is at or below that of "
        f"{', of '.join(counts)}."
    )


def tally(differences: pd.DataFrame, first: str, second: str) -> list[str]:
    """Say for each kind of training on how many sets one model is better than another beyond chance.

    Parameters
    ----------
    differences
        From `runs.paired_differences` of these models.
    first, second
        Their names.
    """
    said = []
    for (store, recipe, setting, epochs, _, refit), rows in differences.groupby(_CONDITION, sort=False):
        counts = rows["verdict"].value_counts()
        better, worse, even = (counts.get(verdict, 0) for verdict in ("better", "worse", "not told apart"))
        said.append(
            f"{GROUPS[str(store)]}, {recipe} recipe, {setting}, {epochs} epochs{and_validation_data(bool(refit))}: our "
            f"{first} is better than our {second} on {better} of {_sets(len(rows))}, worse on "
            f"{worse}, and not told apart on {even}."
        )
    return said


def shortfalls(
    compared: pd.DataFrame,
    ensembles: pd.DataFrame,
    published: pd.DataFrame,
    without_pure_elements: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find where networks are above the published number of their kind, or no ensemble is below all of them.

    Parameters
    ----------
    compared
        From `against_published`; the rows that repeat the paper's training are not judged but set beside the others.
    ensembles
        From `runs.ensembles` and `runs.of_several_networks`: those that the network takes part in count.
    published
        MAE, one row a data set (index), one column a model.
    without_pure_elements
        Ensembles as `ensembles`, with ``pure_elements=False``: see `standings`.

    Returns
    -------
    DataFrame
        Rows of `compared`, with ``ensembles``, a list of (networks, members, MAE, published model, its MAE), where the
        published model is the one that is hardest to beat and our MAE is of the test rows that it was measured on; and
        ``repeated``, the mean MAE of that network in the paper's own training by us, missing where there is none.
    """
    repeated = compared[compared["same_training"]].rename(columns={"mean": "repeated"})
    table = compared[~compared["same_training"]].merge(
        repeated[["store", "dataset", "model", "repeated"]], how="left", on=["store", "dataset", "model"]
    )
    both_ways = _both_ways(ensembles, ensembles if without_pure_elements is None else without_pure_elements, "mae")
    found = [_taking_part(row, both_ways, published) for _, row in table.iterrows()]
    table["ensembles"] = pd.Series(found, index=table.index, dtype=object)
    above = [bool(each) and all(mae > theirs for *_, mae, _, theirs in each) for each in found]
    return table[(table["mean"] > table["published"]) | pd.Series(above, index=table.index, dtype=bool)]


def _taking_part(
    row: "pd.Series[Any]", ensembles: pd.DataFrame, published: pd.DataFrame
) -> list[tuple[str, int, float, str, float]]:
    """Ensembles of the same training that the row's network takes part in, each beside what is hardest to beat."""
    same = (ensembles[["dataset", *_CONDITION]] == row[["dataset", *_CONDITION]]).all(axis=1)
    own = ensembles[same & ensembles["model"].map(lambda networks: row["model"] in networks.split(AND)).astype(bool)]
    theirs = published.loc[row["dataset"]]
    found = []
    for (_, each), (_, ours) in zip(
        own.iterrows(), _as_measured(own, "mae", published.columns).iterrows(), strict=True
    ):
        hardest = str((ours / theirs).idxmax())
        found.append((each["model"], each["n"], ours[hardest], hardest, theirs[hardest]))
    return found


def shortfall(row: "pd.Series[Any]", label: str, trials: int) -> str:
    """Say in words what one row of `shortfalls` says; `trials` trials were made on its validation data."""
    said = f"{GROUPS[row['store']]}, {label}, {row['recipe']} recipe{and_validation_data(row['refit'])}: "
    said += f"{four_digits(row['mean'])} (n = {row['n']}), "
    said += (
        f"{_percent(row['mean'], row['published'])} the published {row['model']}, {three_decimals(row['published'])}"
    )
    for networks, members, mae, model, theirs in row["ensembles"]:
        said += f"; {members} together ({networks}) {four_digits(mae)}"
        said += " without pure elements" if model in benchmarks.WITHOUT_PURE_ELEMENTS else ""
        said += f", {_percent(mae, theirs)} what is hardest to beat, {model}'s {three_decimals(theirs)}"
    said += ". The paper's own recipe "
    said += "was not run here" if pd.isna(row["repeated"]) else f"gave us {four_digits(row['repeated'])}"
    return f"{said}. Trials on its validation data: {trials or 'none'}."


def _percent(value: float, of: float) -> str:
    return f"{abs(100 * (value / of - 1)):.1f} % {'above' if value > of else 'below'}"


def _sets(number: int) -> str:
    return f"{number} set" if number == 1 else f"{number} sets"
