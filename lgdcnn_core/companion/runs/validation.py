"""Read validation errors of runs, without their test errors: two recipes seed by seed, and trainings on much data."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lgdcnn_core.companion.runs.curves import load_curves
from lgdcnn_core.companion.runs.store import Store
from lgdcnn_core.training import MANY

GEOMETRIC_MEAN = "geometric mean"


def validation_ratios(records: pd.DataFrame, first: str, second: str, model: str = "L-G-DCNN") -> pd.DataFrame:
    """Compare the validation MAE of one network under two recipes, over the seeds that both have.

    Parameters
    ----------
    records
        From `load_records`, of one store. Refits, which train on validation data too, are left out.
    first, second
        Names of the recipes.
    model
        The network.

    Returns
    -------
    DataFrame
        One row per data set (index), and last `GEOMETRIC_MEAN`, over the ratios of all data sets. Columns: ``seeds``;
        the mean MAE of each recipe, in the property's unit; ``ratio``, the geometric mean over seeds; and ``seeds
        alone``, the factor between two trainings of the second recipe that differ only in their seed (standard
        deviation of the log ratio). The table is empty if no data set has both recipes.
    """
    rows = records[(records["model"] == model) & ~records["refit"].astype(bool)]
    errors = rows.pivot_table("val_mae", ["dataset", "seed"], "recipe", sort=False).reindex(columns=[first, second])
    both = errors.dropna().groupby("dataset", sort=False)
    logs = (errors.dropna()[first] / errors.dropna()[second]).transform(np.log).groupby("dataset", sort=False).mean()
    variance = np.log(errors[second]).groupby("dataset", sort=False).var().reindex(logs.index)
    table = pd.DataFrame(
        {
            "seeds": both.size(),
            first: both[first].mean(),
            second: both[second].mean(),
            "ratio": np.exp(logs),
            "seeds alone": np.exp(np.sqrt(2 * variance)),
        }
    )
    if len(table):
        overall = {"ratio": np.exp(logs.mean()), "seeds alone": np.exp(np.sqrt(2 * variance.mean()))}
        table.loc[GEOMETRIC_MEAN, list(overall)] = list(overall.values())
    return table.astype({"seeds": "Int64"})


def many_compounds(records: pd.DataFrame, recipe: str, stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Tabulate the validation errors of whole trainings on more than `training.MANY` compounds.

    Parameters
    ----------
    records
        From `load_records`.
    recipe
        Name of their recipe.
    stores
        Stores that hold them; the default is both.

    Returns
    -------
    DataFrame
        One row per training of a regression: ``dataset``, ``fold``, ``model``, ``seed``, ``compounds``, ``epochs``;
        ``MAE`` of the kept weights and ``at the end``, in the property's unit; ``best epoch``; ``minutes``.
    """
    chosen = records[(records["recipe"] == recipe) & (records["n_train"] > MANY) & ~records["refit"].astype(bool)]
    chosen = chosen.dropna(subset=["mae"])
    last = load_curves(chosen, stores).groupby(["store", "key"])["val_error"].last().rename("last").reset_index()
    rows = chosen.merge(last, on=["store", "key"])
    return pd.DataFrame(
        {
            **{name: rows[name] for name in ("dataset", "fold", "model", "seed")},
            **{"compounds": rows["n_train"], "epochs": rows["epochs_run"]},
            **{"MAE": rows["val_mae"], "at the end": rows["last"], "best epoch": rows["best_epoch"]},
            "minutes": rows["training_seconds"] / 60,
        }
    )
