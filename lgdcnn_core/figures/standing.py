"""On how many data sets ours are ahead, and of whom: counts over tables of cells and of paired differences."""

from typing import Any

import pandas as pd

from lgdcnn_core.figures.cells import ENSEMBLES, GROUPS

EVERY = "every published model"

_CONDITION = ["store", "recipe", "setting", "epochs", "train_fraction"]


def standings(cells: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Count the data sets on which a column of ours is at or below each published column, and below all of them.

    Parameters
    ----------
    cells
        From `by_configuration` (sets with one split) or `over_folds`.
    published
        MAE, one row a data set (index), one column a model; missing where nothing was published.

    Returns
    -------
    DataFrame
        One row a column of ours: ``group``, ``column``, ``sets`` (with a number of ours), for each published model the
        sets on which our mean is at or below its MAE, and `EVERY`: at or below the lowest of the row. A missing
        published number counts for nobody.
    """
    known = cells.dropna(subset=["mean"])
    rows = []
    for (group, column), own in known.groupby(["group", "column"], sort=False):
        mean = own.set_index("dataset")["mean"]
        theirs = published.loc[mean.index]
        below = theirs.ge(mean, axis=0).sum().to_dict()
        every = int((mean <= theirs.min(axis=1)).sum())
        rows.append({"group": group, "column": column, "sets": len(mean)} | below | {EVERY: every})
    columns = ["group", "column", "sets", *published.columns, EVERY]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], int))


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
    for (store, recipe, setting, epochs, _), rows in differences.groupby(_CONDITION, sort=False):
        counts = rows["verdict"].value_counts()
        better, worse, even = (counts.get(verdict, 0) for verdict in ("better", "worse", "not told apart"))
        said.append(
            f"{GROUPS[str(store)]}, {recipe} recipe, {setting}, {epochs} epochs: our {first} is better than our "
            f"{second} on {better} of {_sets(len(rows))}, worse on {worse}, and not told apart on {even}."
        )
    return said


def _sets(number: int) -> str:
    return f"{number} set" if number == 1 else f"{number} sets"
