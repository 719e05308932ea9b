"""Load the training, validation and test parts of a run's data."""

from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks import Split
from lgdcnn_core.companion.records import provenance
from lgdcnn_core.companion.runs.spec import RunSpec
from lgdcnn_core.training import PRETRAINING, TOGETHER


class DifferentData(RuntimeError):
    """A record's predictions are for data that differ from the data here."""


def load_split(spec: RunSpec) -> Split:
    """Load the data of a run, with a random subset of the training part if the specification asks for one.

    For one seed, a larger fraction contains the subset of a smaller one. Rows keep their order. In a refit the
    validation rows follow the training rows, and the validation part is empty. A pretraining has none of the compounds
    on which the runs that start from it are judged. For the recipe ``"joint"``, training rows are the unmasked ones.
    """
    split = benchmarks.load(spec.dataset, fold=spec.fold)
    if spec.refit:
        split = split._replace(train=pd.concat([split.train, split.val]), val=split.val.iloc[:0])
    if spec.recipe == PRETRAINING.name:
        train, val = (benchmarks.without_judged(part, spec.dataset) for part in (split.train, split.val))
        split = split._replace(train=train, val=val)
    if spec.recipe == TOGETHER.name:
        split = split._replace(train=benchmarks.without_kin(split.train, spec.dataset))
    if spec.train_fraction == 1:
        return split
    n_kept = max(round(spec.train_fraction * len(split.train)), 1)
    order = np.random.default_rng(spec.seed).permutation(len(split.train))
    return split._replace(train=split.train.iloc[np.sort(order[:n_kept])])


def held_out(spec: RunSpec, part: Literal["train", "val", "test"], stated: str, name: str) -> pd.DataFrame:
    """Load a part of a run's data, as `load_split` gives it; the training part only as a whole.

    Parameters
    ----------
    spec
        The run.
    part
        Which of the three.
    stated
        The part's `provenance.data_hash`, as the record of the run states it.
    name
        Name of the record in error messages.

    Raises
    ------
    DifferentData
        If the data here have another hash.
    lgdcnn_core.benchmarks.DataError
        If the data are not here.
    """
    filtered = part == "val" and spec.recipe == PRETRAINING.name
    try:
        return _held_out(spec.dataset, spec.fold, part, filtered, stated)
    except DifferentData as error:
        raise DifferentData(f"{name}: {error}") from None


@lru_cache(maxsize=32)
def _held_out(
    dataset: str, fold: int | None, part: Literal["train", "val", "test"], filtered: bool, stated: str
) -> pd.DataFrame:
    """Load a part once for the records of all runs on it; the hash that they state is part of the cache's key."""
    table: pd.DataFrame = getattr(benchmarks.load(dataset, fold=fold), part)
    if filtered:
        table = benchmarks.without_judged(table, dataset)
    found = provenance.data_hash(table)
    if found != stated:
        where = dataset if fold is None else f"{dataset}, fold {fold}"
        raise DifferentData(
            f"its predictions are for other data: its {part} part of {where} has sha256 {stated}, here {found}. "
            "Read it with the version of the package that wrote it, or remove its directory and run again."
        )
    return table
