"""The runs of the study of sample efficiency: how the test error falls as the training compounds become more.

Decisions made before any of these runs:

- Each data set has `N_SIZES` sizes, evenly spaced in the logarithm, from `SMALLEST` compounds up to `LARGEST`, or up to
  the whole training part where it is smaller. For one seed, a larger subset contains the smaller ones, and all models
  learn from the same subset (`parts.load_split`).
- Sizes below `MANY` compounds have three seeds, larger ones have one.
- Networks take at least `FEWEST_STEPS` training steps, as many as the fast recipe takes on 1,000 compounds: below that
  size the epochs become more, see `epochs`. Above `training.MANY` compounds they have the fast recipe's larger
  batches. Trees need no such rule.
- The validation part stays as it is for every size. It chooses the epoch of a network and the number of boosting
  rounds, and nothing is trained on it. Of a large validation part, 1,000 compounds judge the epochs of a network
  (`training.FAST_VAL1000`). Somebody with 100 compounds would have fewer. All models share this advantage, except
  random forests, which choose nothing.
"""

from functools import cache

import numpy as np
import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.runs import trees
from lgdcnn_core.companion.runs.spec import RunSpec
from lgdcnn_core.training import FAST, FAST_VAL1000

SMALL_SETS: tuple[tuple[str, int | None], ...] = (("aflow__ael_bulk_modulus_vrh", None), ("matbench_expt_gap", 0))
LARGE_SETS: tuple[tuple[str, int | None], ...] = (("CritExam__Ef", None), ("OQMD_Bandgap", None))
SETS = (*SMALL_SETS, *LARGE_SETS)
"""Data sets of the study, each with its fold; None for an extended set. The last one is the paper's own case."""

NETWORKS = ("L-G-DCNN", "CrabNet")
BASELINES = ("RF", "GBM")

SMALLEST, LARGEST = 100, 25_000
"""Fewest and most training compounds."""

N_SIZES = 8

MANY = 5000
"""Number of compounds from which one seed suffices."""

SEEDS = (0, 1, 2)

FEWEST_STEPS = FAST.epochs * -(-1000 // FAST.batch_size_for(1000))
"""Fewest training steps of a network."""


def sizes(dataset: str, fold: int | None) -> list[int]:
    """Return the numbers of training compounds, `N_SIZES` integers in increasing order."""
    largest = min(_parts(dataset, fold)[0], LARGEST)
    return [round(float(size)) for size in np.geomspace(SMALLEST, largest, N_SIZES)]


def seeds(size: int) -> tuple[int, ...]:
    """Return the seeds of the runs with this many training compounds."""
    return SEEDS if size < MANY else SEEDS[:1]


def epochs(size: int) -> int:
    """Return the epochs of a network: those of the fast recipe, or as many as `FEWEST_STEPS` training steps need.

    There is no further limit: `SMALLEST` compounds make one batch, so that no run has more than `FEWEST_STEPS` epochs.
    """
    recipe = FAST.sized(size)
    batches = -(-size // recipe.batch_size_for(size))
    return max(recipe.epochs, -(-FEWEST_STEPS // batches))


def run(dataset: str, fold: int | None, model: str, size: int, seed: int) -> RunSpec:
    """Return the run of a model on so many training compounds."""
    n_train, n_val = _parts(dataset, fold)
    if model in trees.RECIPES:
        return RunSpec(dataset, fold, model, trees.NAME, seed=seed, train_fraction=size / n_train)
    recipe = FAST_VAL1000 if n_val > (FAST_VAL1000.val_compounds or n_val) else FAST
    return RunSpec(dataset, fold, model, recipe.name, seed=seed, train_fraction=size / n_train, epochs=epochs(size))


def runs() -> list[RunSpec]:
    """List all runs of the study: the small sets seed by seed, then the large sets; small subsets first."""
    return [
        run(dataset, fold, model, size, seed)
        for sets in (SMALL_SETS, LARGE_SETS)
        for seed in SEEDS
        for dataset, fold in sets
        for size in sizes(dataset, fold)
        if seed in seeds(size)
        for model in (*BASELINES, *NETWORKS)
    ]


def points(records: pd.DataFrame) -> pd.DataFrame:
    """Choose the records of the study.

    Parameters
    ----------
    records
        From `load_records`.

    Returns
    -------
    DataFrame
        Their rows, in the order of `runs`, with the number of training compounds as ``size``. A run that both stores
        have counts once, with its committed record.
    """
    order = {spec.key: place for place, spec in enumerate(runs())}
    chosen = records[records["key"].isin(order)].sort_values("store", kind="stable").drop_duplicates("key")
    chosen = chosen.sort_values("key", key=lambda keys: keys.map(order), kind="stable")
    return chosen.assign(size=chosen["n_train"].astype(int)).reset_index(drop=True)


@cache
def _parts(dataset: str, fold: int | None) -> tuple[int, int]:
    """Count the training and the validation compounds of a data set."""
    split = benchmarks.load(dataset, fold=fold)
    return len(split.train), len(split.val)
