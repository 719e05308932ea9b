"""Published numbers on the benchmark data sets, transcribed in data/reference."""

import pandas as pd

from .errors import DataError, UnknownDataSetError
from .location import checkout

TABLES = {
    "lgdcnn_paper": "lgdcnn_paper_extended_mae.csv",
    "lgdcnn_paper_cecv": "lgdcnn_paper_cecv.csv",
    "crabnet_paper": "crabnet_paper_mae.csv",
    "matbench_folds": "matbench_official_folds.csv",
    "matbench_best": "matbench_best.csv",
    "matbench_dummy": "matbench_dummy_folds.csv",
    "matbench_metadata": "matbench_metadata.csv",
    "published_code_speed": "published_code_speed.csv",
    "published_code": "published_code_validation.csv",
}
"""File of each table; data/reference/README.md states where its numbers were published."""

WITHOUT_PURE_ELEMENTS = ("Roost", "CrabNet", "RF")
"""Columns of "lgdcnn_paper" measured on the test rows with two or more elements. The paper takes them from
CrabNet's table, whose row counts on all 18 sets equal ours without the rows of a single element."""


def published(table: str) -> pd.DataFrame:
    """Return one table of published numbers.

    Parameters
    ----------
    table : str
        "lgdcnn_paper": test MAE of six models on the 18 extended sets (the paper's Fig. 3).
        "lgdcnn_paper_cecv": the paper's CECV, the number of clusters by threshold.
        "crabnet_paper": test MAE of five models and row counts (CrabNet's own csv).
        "matbench_folds": MAE and RMSE by task, model and fold, official Matbench folds.
        "matbench_best": the lowest MAE over the five official folds that we know of, from composition alone.
        "matbench_dummy": mean target of each fold's training part, and the MAE of predicting it.
        "matbench_metadata": unit, rows and mean absolute deviation of each Matbench task.
        "published_code_speed": seconds per epoch of the published code, measured by this project on another machine.
        "published_code": validation MAE at some epochs of trainings with the published implementation, measured by
        this project, and the epochs and seconds of each whole training.

    Returns
    -------
    DataFrame

    Raises
    ------
    UnknownDataSetError
        If there is no such table.
    DataError
        If the package does not run from a checkout: only a checkout has data/reference.
    """
    if table not in TABLES:
        raise UnknownDataSetError(f"no published table {table!r}: choose from {', '.join(TABLES)}")
    top = checkout()
    if top is None:
        raise DataError(
            "the published numbers are in data/reference of the repository, and this package is installed "
            "without it: clone the repository and install with `pip install -e .`"
        )
    return pd.read_csv(top / "data" / "reference" / TABLES[table])
