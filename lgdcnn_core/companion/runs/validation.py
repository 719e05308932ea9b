"""Validation errors of two recipes, seed by seed; the test errors are left alone."""

import numpy as np
import pandas as pd

GEOMETRIC_MEAN = "geometric mean"


def validation_ratios(records: pd.DataFrame, first: str, second: str, model: str = "L-G-DCNN") -> pd.DataFrame:
    """Compare the validation MAE of one network by two recipes, over the seeds that both have.

    Parameters
    ----------
    records
        From `load_records`, of one store. Trainings on validation data too are left out.
    first, second
        Names of the recipes.
    model
        The network.

    Returns
    -------
    DataFrame
        A row a data set (index) and last `GEOMETRIC_MEAN`, of the ratios over data sets: ``seeds``; the mean MAE of
        each recipe, in the property's unit; ``ratio``, geometric over seeds; and ``seeds alone``, the factor by which
        two trainings of the second recipe differ that differ in their seed alone (standard deviation of the log ratio).
        Empty without a data set that has both.
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
