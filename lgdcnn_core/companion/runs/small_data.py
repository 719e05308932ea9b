"""Data as a user may have them: an example file, and a comparison of ways to learn from few compounds."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.companion.runs.baselines import TreeModel
from lgdcnn_core.companion.runs.trees import RECIPES
from lgdcnn_core.training import DataWarning, Recipe

BAD = {3: "Fe2Ox", 70: "Mg(OH", 140: "Xx3"}
"""Formulas of `example_file` that cannot be read, by row."""


def example_file(path: Path, target: str, seed: int = 0) -> Path:
    """Write 300 measured band gaps (Matbench) as a spreadsheet in a country with decimal commas would, some bad.

    Parameters
    ----------
    path
        The csv file.
    target
        Name of the column of band gaps, in eV.
    seed
        Draws the compounds from the training part of fold 0.
    """
    table = benchmarks.load("matbench_expt_gap", fold=0).train.sample(300, random_state=seed)
    table = table.rename(columns={"formula": "Composition", "target": target}).round(2)
    table.iloc[list(BAD), 0] = list(BAD.values())
    table.to_csv(path, sep=";", decimal=",", index=False)
    return path


def compare(
    dataset: str, sizes: Sequence[int], recipe: Recipe, seed: int = 0, device: str | None = None
) -> pd.DataFrame:
    """Return the test MAE of three ways to learn, for nested subsets of a Matbench task, in the unit of the property.

    Parameters
    ----------
    dataset
        A Matbench task; its fold 0 is used: subsets of the training part, a fifth of each held out to choose the epoch,
        and the whole test part.
    sizes
        Numbers of compounds, those held out included.
    recipe
        Recipe of the networks.
    seed
        Draws the subsets; seed of the trainings.
    device
        As in `training.choose`.

    Returns
    -------
    DataFrame
        One row per size; columns ``from the package's network``, ``afresh`` and ``gradient boosting``.
    """
    split = benchmarks.load(dataset, fold=0)
    compounds = pd.concat([split.train, split.val]).sample(frac=1, random_state=seed)
    rows = {}
    for size in sizes:
        chosen = compounds.head(size)
        val, train = chosen.iloc[: size // 5], chosen.iloc[size // 5 :]
        errors = {}
        for way, init in (("from the package's network", "joint"), ("afresh", None)):
            model = CompositionRegressor(recipe=recipe, seed=seed, device=device, progress=False)
            model.fit(train, val=val, init=init)
            with warnings.catch_warnings():  # of elements that so few compounds lack
                warnings.simplefilter("ignore", DataWarning)
                errors[way] = _mae(model.predict(split.test["formula"]), split.test)
        trees = TreeModel(RECIPES["GBM"], seed, classification=False)
        trees.fit(train, val)
        errors["gradient boosting"] = _mae(trees.predict(split.test)[0], split.test)
        rows[size] = errors
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("compounds")


def _mae(predicted: object, test: pd.DataFrame) -> float:
    return float(np.abs(np.asarray(predicted) - test["target"].to_numpy()).mean())
