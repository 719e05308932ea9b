"""Estimate how long the trees of a baseline take to grow, by growing a few."""

from functools import cache

import numpy as np
import pandas as pd

from lgdcnn_core.companion.runs.baselines import TreeModel
from lgdcnn_core.companion.runs.trees import Boosting, Forest

SMALL, LARGE = 2000, 16_000
"""Numbers of compounds that trees are grown on; beyond some thousand, processors' caches no longer hold them."""

MORE = {Forest: 2, Boosting: 20}
"""Trees, or rounds of boosting, that are timed at `LARGE`: those that come after the first one, so that what is needed
once, such as parsing, does not count. At `SMALL` there are more, for as long a time."""


def growing_seconds(recipe: Forest | Boosting, n_train: int) -> float:
    """Estimate the seconds that all trees take on so many rows; boosting that stops early takes less.

    Seconds follow a power law of the rows for a tree of a forest, and are a constant and a share of the rows for a
    round of boosting.
    """
    small, large = _per_tree(recipe, SMALL), _per_tree(recipe, LARGE)
    if isinstance(recipe, Forest):
        exponent = max(float(np.log(large / small) / np.log(LARGE / SMALL)), 1.0)
        return float(recipe.number_of_trees(n_train) * large * (n_train / LARGE) ** exponent)
    per_row = max((large - small) / (LARGE - SMALL), 0.0)
    return recipe.rounds * max(small + per_row * (n_train - SMALL), 0.0)


@cache
def _per_tree(recipe: Forest | Boosting, n_compounds: int) -> float:
    """Seconds of one tree or round on so many made-up compounds; above zero."""
    generator = np.random.default_rng(0)
    symbols = np.array(["Li", "O", "Na", "Al", "Si", "Fe", "Cu", "Ge", "Sr", "Ba"])
    chosen = [generator.choice(symbols, 3, replace=False) for _ in range(n_compounds)]
    amounts = generator.integers(1, 100, (n_compounds, 3))
    formulas = ["".join(map("{}{}".format, *each)) for each in zip(chosen, amounts, strict=True)]
    table = pd.DataFrame({"formula": formulas, "target": generator.normal(size=n_compounds)})
    table = table.drop_duplicates("formula")
    more = 1 + MORE[type(recipe)] * LARGE // n_compounds
    first, whole = (
        TreeModel(recipe, seed=0, classification=False).fit(table, None, stop_after=number).history_.seconds
        for number in (1, more)
    )
    return max((whole - first) / (more - 1), 1e-6)
