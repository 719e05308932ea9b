"""Estimate how long the trees of a baseline take to grow, by growing a few."""

from functools import cache

import numpy as np
import pandas as pd

from lgdcnn_core.companion.runs.baselines import TreeModel
from lgdcnn_core.companion.runs.trees import Boosting, Forest

SMALL, LARGE = 1000, 4000  # compounds that the trees are grown on
FEW, MORE = 2, 6  # trees, or rounds of boosting; the difference leaves out all that both need, such as parsing


def growing_seconds(recipe: Forest | Boosting, n_train: int) -> float:
    """Estimate the seconds that all trees take on so many rows; boosting that stops early takes less.

    A tree of a forest takes seconds in proportion to n log n, a round of boosting a constant and a share of n.
    """
    if isinstance(recipe, Forest):
        per_work = _per_tree(recipe, LARGE) / (LARGE * np.log2(LARGE))
        return float(recipe.number_of_trees(n_train) * per_work * n_train * np.log2(max(n_train, 2)))
    small, large = _per_tree(recipe, SMALL), _per_tree(recipe, LARGE)
    per_row = max((large - small) / (LARGE - SMALL), 0.0)
    return recipe.rounds * max(small + per_row * (n_train - SMALL), 0.0)


@cache
def _per_tree(recipe: Forest | Boosting, n_compounds: int) -> float:
    """Seconds of one tree or round on so many made-up compounds."""
    generator = np.random.default_rng(0)
    symbols = np.array(["Li", "O", "Na", "Al", "Si", "Fe", "Cu", "Ge", "Sr", "Ba"])
    chosen = [generator.choice(symbols, 3, replace=False) for _ in range(n_compounds)]
    amounts = generator.integers(1, 100, (n_compounds, 3))
    formulas = ["".join(map("{}{}".format, *each)) for each in zip(chosen, amounts, strict=True)]
    table = pd.DataFrame({"formula": formulas, "target": generator.normal(size=n_compounds)})
    few, more = (
        TreeModel(recipe, seed=0, classification=False).fit(table, None, stop_after=number).history_.seconds
        for number in (FEW, MORE)
    )
    return max(more - few, 0.0) / (MORE - FEW)
