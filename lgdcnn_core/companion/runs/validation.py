"""Compare the validation errors of two recipes, seed by seed, without reading test errors."""

import numpy as np
import pandas as pd

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
