"""The extended sets side by side: all that is known of a compound, for networks that learn it together."""

from collections.abc import Sequence
from pathlib import Path

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


def joint_table(judged: Sequence[str] | None = None, directory: Path | None = None) -> pd.DataFrame:
    """Put the training parts of all extended sets side by side, without the compounds that some are judged on.

    Compounds are told apart by composition, and a property that a set has twice of one is averaged.

    Parameters
    ----------
    judged : sequence of str, optional
        Sets whose validation and test compounds are left out, whatever is known of them; the default is
        `few_compounds`. A network trained on what is left may be judged on these sets, and on no other.
    directory : Path, optional
        Data directory, as `root` of `load`.

    Returns
    -------
    DataFrame
        One row a compound: column ``formula``, and one for each of the 18 sets, by its name and in its unit, NaN where
        the set does not have the compound.
    """
    splits = {name: load(name, root=directory) for name in names("extended")}
    left_out = {
        key
        for name in (few_compounds() if judged is None else judged)
        for part in (splits[name].val, splits[name].test)
        for key in composition_keys(part)
    }
    rows: dict[object, int] = {}
    formulas: list[str] = []
    columns: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, split in splits.items():
        keys = composition_keys(split.train)
        left = split.train[[key not in left_out for key in keys]]
        places = np.empty(len(left), dtype=np.int64)
        for number, (key, formula) in enumerate(zip(composition_keys(left), left["formula"], strict=True)):
            if key not in rows:
                rows[key] = len(rows)
                formulas.append(formula)
            places[number] = rows[key]
        columns[name] = places, left["target"].to_numpy()
    table = pd.DataFrame({"formula": formulas})
    for name, (places, targets) in columns.items():
        table[name] = pd.Series(targets).groupby(places).mean().reindex(table.index)
    return table
