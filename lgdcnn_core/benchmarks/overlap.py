"""Compare compounds by composition: those that data sets share, and pure elements."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from .catalogue import card, names
from .split import load

_TOKEN = re.compile(r"([A-Z][a-z]?|\(|\))([0-9.]*)")


@cache
def composition_key(formula: str) -> tuple[tuple[str, float], ...]:
    """Return the elements of a formula and their fractions, equal for "Ti2O4" and "TiO2".

    This function compares data sets. It trusts its input, as it may with a checked benchmark file, and reads the
    million formulas here in seconds. Models read formulas with `lgdcnn_core.composition`.

    Parameters
    ----------
    formula : str
        Elements, amounts and parentheses, such as "Sr(AlH)2".

    Returns
    -------
    tuple of (str, float)
        Sorted by element, fractions rounded to six digits.
    """
    amounts: defaultdict[str, float] = defaultdict(float)
    # Read backwards, an amount comes before the parenthesis that it multiplies.
    factors = [1.0]
    for symbol, digits in reversed(_TOKEN.findall(formula)):
        amount = float(digits or 1) * factors[-1]
        if symbol == ")":
            factors.append(amount)
        elif symbol == "(":
            factors.pop()
        else:
            amounts[symbol] += amount
    total = sum(amounts.values())
    return tuple((symbol, round(amount / total, 6)) for symbol, amount in sorted(amounts.items()))


def composition_keys(part: pd.DataFrame) -> list[tuple[tuple[str, float], ...]]:
    """Return the `composition_key` of each formula in the column ``formula``."""
    return list(map(composition_key, part["formula"].to_numpy(dtype=object)))


def without_pure_elements(part: pd.DataFrame) -> pd.DataFrame:
    """Drop rows whose ``formula`` has a single element; a part without such rows is returned unchanged."""
    pure = [len(key) == 1 for key in composition_keys(part)]
    return part[~np.array(pure)] if any(pure) else part


def without_judged(part: pd.DataFrame, name: str, directory: Path | None = None) -> pd.DataFrame:
    """Drop the compounds on which models of other databases' properties are judged.

    These are the validation and test parts of the extended sets and all rows of the Matbench tasks, because each
    Matbench row is in the test part of some fold. A network trained on the rest has seen none of these compounds,
    whatever the property.

    Parameters
    ----------
    part : DataFrame
        Rows of the data set `name`, with a column ``formula``.
    name : str
        One of `names()`; sets from the same source, such as OQMD, do not count as others.
    directory : Path, optional
        Data directory, as `root` of `load`.

    Returns
    -------
    DataFrame
        The remaining rows of `part`, in their order.
    """
    judged = set()
    for other in names():
        if card(other).source == card(name).source:
            continue
        extended = card(other).protocol == "extended"
        split = load(other, None if extended else 0, root=directory)
        for rows in (split.val, split.test) if extended else split:
            judged.update(composition_keys(rows))
    return part[[key not in judged for key in composition_keys(part)]]
