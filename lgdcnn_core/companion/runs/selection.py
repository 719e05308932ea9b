"""Choose the runs with the longest schedule of each kind."""

import pandas as pd


def longest_schedules(runs: pd.DataFrame) -> pd.DataFrame:
    """Leave out runs with fewer epochs than another of the same store, network, recipe and setting on any data set.

    Parameters
    ----------
    runs
        From `runs.summarise`, `runs.ensembles` or `runs.load_records`.
    """
    alike = runs.groupby(["store", "model", "recipe", "setting", "train_fraction", "refit"], sort=False)["epochs"]
    return runs[(runs["epochs"] == alike.transform("max")).fillna(True)]
