"""Compositions between others: lines and ternaries, and the compounds of a data set that lie on them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.composition import parse
from lgdcnn_core.composition.notation import SYMBOLS

NAMES = ("a", "b", "c")


def mixtures(ends: Sequence[str], steps: int) -> pd.DataFrame:
    """Return the mixtures of two or three ends, evenly spaced, ends included.

    Shares are of atoms, whatever the number of atoms in an end's formula.

    Parameters
    ----------
    ends
        Two or three formulas.
    steps
        Number of steps from one end to another.

    Returns
    -------
    DataFrame
        ``formula``, and the share of each end: ``a``, ``b`` and, of three, ``c``.
    """
    counts = [(steps - n, n) for n in range(steps + 1)]
    if len(ends) == 3:
        counts = [(steps - n - m, n, m) for n in range(steps + 1) for m in range(steps + 1 - n)]  # type: ignore[misc]
    shares = np.array(counts) / steps
    per_atom = _fractions(ends)
    mixed = shares @ per_atom.to_numpy()
    formulas = [
        "".join(f"{symbol}{amount:.5f}" for symbol, amount in zip(per_atom.columns, row, strict=True) if amount > 0)
        for row in mixed
    ]
    return pd.DataFrame({"formula": formulas, **dict(zip(NAMES, shares.T, strict=False))})


def over(model: CompositionRegressor, name: str, ends: Sequence[str], steps: int) -> pd.DataFrame:
    """Return the mixtures of two or three ends with a property that a model predicts for them.

    Returns
    -------
    DataFrame
        As `mixtures`, and ``value``, ``lower`` and ``upper`` of the property, see `CompositionRegressor.table`.
    """
    made = mixtures(ends, steps)
    table = model.table(made["formula"])
    chosen = table[table["property"] == name].reset_index(drop=True)
    return made.join(chosen[["value", "lower", "upper"]])


def with_partner(model: CompositionRegressor, name: str, partner: str) -> dict[str, float]:
    """Return a property of the compounds of each element that training saw with as many atoms of another one."""
    symbols = [symbol for symbol in model.elements_seen_ if symbol != partner]
    values = np.asarray(model.predict([symbol + partner for symbol in symbols]))
    return dict(zip(symbols, values[:, model.target_names_.index(name)].tolist(), strict=True))


def known(dataset: str, ends: Sequence[str]) -> pd.DataFrame:
    """Return the compounds of all parts of an extended set that are mixtures of the ends, see `on_mixtures`."""
    return on_mixtures(pd.concat(benchmarks.load(dataset)), ends)


def on_mixtures(compounds: pd.DataFrame, ends: Sequence[str]) -> pd.DataFrame:
    """Return the compounds that are mixtures of the ends, with their shares, as `mixtures` gives them.

    Parameters
    ----------
    compounds
        A column ``formula``, and any others.
    ends
        Formulas; none is a mixture of the others.
    """
    per_atom = _fractions(ends)
    fractions = _fractions(compounds["formula"])
    outside = fractions.drop(columns=per_atom.columns, errors="ignore").sum(axis=1) > 0
    chosen = compounds[~outside.to_numpy()]
    inside = fractions[~outside.to_numpy()].reindex(columns=per_atom.columns, fill_value=0.0)
    shares, *_ = np.linalg.lstsq(per_atom.to_numpy().T, inside.to_numpy().T, rcond=None)
    misses = np.abs(per_atom.to_numpy().T @ shares - inside.to_numpy().T).max(axis=0)
    kept = (misses < 1e-4) & (shares > -1e-4).all(axis=0)
    found = chosen[kept].reset_index(drop=True)
    return found.assign(**{name: np.clip(share[kept], 0, 1) for name, share in zip(NAMES, shares, strict=False)})


def shares_of_elements(contributions: pd.Series, places: Sequence[float] | pd.Series) -> pd.DataFrame:
    """Put the contributions of elements side by side.

    Parameters
    ----------
    contributions
        A column of `CompositionRegressor.contributions`, for compounds in the order of `places`.
    places
        Place of each compound on a line.

    Returns
    -------
    DataFrame
        A row for each compound, a column for each element, 0 where a compound lacks it; the index holds the places.
    """
    table = contributions.rename("share").reset_index()
    wide = table.pivot_table(index="row", columns="element", values="share", fill_value=0.0)
    return wide.set_axis(list(places), axis="index")


def _fractions(formulas: Sequence[str] | pd.Series) -> pd.DataFrame:
    """Return the fraction of each element, a row for each formula and a column for each element that occurs."""
    compositions = parse(list(formulas))
    rows = np.repeat(np.arange(len(compositions)), compositions.lengths)
    table = pd.DataFrame({"row": rows, "number": compositions.atomic_numbers, "fraction": compositions.fractions})
    wide = table.pivot_table(index="row", columns="number", values="fraction", fill_value=0.0)
    return wide.rename(columns=lambda number: SYMBOLS[int(number) - 1])
