"""Compare models by paired differences on the same test compounds, as some compounds are harder for every model."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.companion.runs import metrics
from lgdcnn_core.companion.runs.rows import same_rows
from lgdcnn_core.companion.runs.store import Store, by_name
from lgdcnn_core.companion.runs.table import GROUP

CONDITION = {
    "model": [name for name in GROUP if name != "model"],
    "recipe": [name for name in GROUP if name not in ("recipe", "setting", "epochs")],
}
"""Columns in which compared records agree: for two models, all but the seed; for two recipes, which have their own
setting and epochs, the data and the model."""


@dataclass(frozen=True)
class PairedDifference:
    """Mean over test compounds of one model's absolute error minus another's, in the unit of the property.

    Attributes
    ----------
    difference
        The first model is better if this is below 0.
    low, high
        95 % bootstrap interval over compounds. It covers the choice of test compounds, not the choice of
        seeds, because there are only a few seeds.
    n_first, n_second
        Number of records (seeds) of each model, over which a compound's absolute error is averaged.
    """

    difference: float
    low: float
    high: float
    n_first: int
    n_second: int

    @property
    def verdict(self) -> str:
        """``"better"``, ``"worse"``, or ``"not told apart"`` where the interval holds 0 or there is none."""
        if self.high < 0:
            return "better"
        return "worse" if self.low > 0 else "not told apart"


def paired_difference(store: Store, first: str | Sequence[str], second: str | Sequence[str]) -> PairedDifference:
    """Compare two models on the same test compounds.

    Parameters
    ----------
    store
        The store that holds all these records.
    first, second
        Key of a record of each model, or several keys; a compound's absolute error is then its mean over the records.

    Raises
    ------
    UnlikeRecords
        If the records' test rows are not the same.
    """
    keys_first, keys_second = ([keys] if isinstance(keys, str) else [*keys] for keys in (first, second))
    errors = [absolute_errors(table) for table in same_rows(store, keys_first + keys_second)]
    n = len(keys_first)
    differences = np.mean(errors[:n], axis=0) - np.mean(errors[n:], axis=0)
    low, high = metrics.mean_interval(differences)
    return PairedDifference(float(differences.mean()), float(low), float(high), n, len(keys_second))


def paired_differences(
    records: pd.DataFrame,
    first: str,
    second: str,
    stores: Iterable[Store] | None = None,
    by: Literal["model", "recipe"] = "model",
) -> pd.DataFrame:
    """Compare two models wherever both were run alike, or two recipes wherever both had the same model and data.

    Parameters
    ----------
    records
        From `load_records`, or some of its rows; those without an MAE, of classifications, are left out.
    first, second
        Names of the models, or of the recipes.
    stores
        Stores that hold the records; the default is both.
    by
        Whether these are names of models or recipes. All given records of a recipe count, whatever setting and epochs.

    Returns
    -------
    DataFrame
        One row per condition: its columns in `CONDITION`, the fields of `PairedDifference` and its ``verdict``.

    Raises
    ------
    UnlikeRecords
        As in `paired_difference`.
    """
    found_in = by_name(stores)
    rows = []
    for condition, members in records.dropna(subset=["mae"]).groupby(CONDITION[by], dropna=False, sort=False):
        keys = [members.loc[members[by] == name, "key"].tolist() for name in (first, second)]
        if all(keys):
            found = paired_difference(found_in[members["store"].iloc[0]], *keys)
            rows.append(dict(zip(CONDITION[by], condition, strict=True)) | asdict(found) | {"verdict": found.verdict})
    table = pd.DataFrame(rows, columns=[*CONDITION[by], *PairedDifference.__dataclass_fields__, "verdict"])
    return table.astype({name: "Int64" for name in ("fold", "epochs") if name in table})


def absolute_errors(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the absolute errors, (B,), of predictions as `Store.predictions` gives them."""
    return np.abs(table["predicted"].to_numpy(dtype=float) - table["actual"].to_numpy(dtype=float))
