"""The extended sets side by side: all that is known of a compound, for networks that learn it together."""

import itertools

import numpy as np
import pandas as pd

from .catalogue import card, names
from .overlap import composition_keys
from .split import load

FEW = 10_000
"""Rows up to which a set is one of `few_compounds`; all others have more than twice as many."""


def few_compounds() -> list[str]:
    """Name the extended sets of fewer than `FEW` rows: those of elastic and thermal properties."""
    return [name for name in names("extended") if card(name).n_rows < FEW]


def joint_table() -> pd.DataFrame:
    """Put the training parts of all extended sets side by side, without the compounds that small ones are judged on.

    These are the validation and test compounds of `few_compounds`, whatever is known of them: a network trained on what
    is left may be judged on these sets, and on no other. Compounds are told apart by composition, and a property that a
    set has twice of one is averaged.

    Returns
    -------
    DataFrame
        One row a compound: column ``formula``, and one for each of the 18 sets, by its name and in its unit, NaN where
        the set does not have the compound.
    """
    splits = {name: load(name) for name in names("extended")}
    left_out = {
        key
        for name in few_compounds()
        for part in (splits[name].val, splits[name].test)
        for key in composition_keys(part)
    }
    rows: dict[object, int] = {}
    formulas: list[str] = []
    columns: dict[str, pd.Series] = {}
    for name, split in splits.items():
        keys = composition_keys(split.train)
        left = np.array([key not in left_out for key in keys])
        places = []
        for key, formula in zip(itertools.compress(keys, left), split.train.loc[left, "formula"], strict=True):
            if key not in rows:
                rows[key] = len(rows)
                formulas.append(formula)
            places.append(rows[key])
        columns[name] = split.train.loc[left, "target"].groupby(places).mean()
    return pd.DataFrame({"formula": formulas} | columns, index=range(len(formulas)))
