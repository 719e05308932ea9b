"""Alloys, glasses and other materials given in weight per cent, as formulas."""

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from numbers import Real
from typing import Any

import pandas as pd

from lgdcnn_core.composition.compositions import Problem, quoted
from lgdcnn_core.composition.mixtures import parts_of
from lgdcnn_core.composition.notation import UnreadableFormula, amounts_of, normalised
from lgdcnn_core.composition.parsing import InvalidFormulas
from lgdcnn_core.composition.reading import text_of

TOLERANCE = 0.01
"""Share by which weights may miss their total, as rounded numbers do."""

_UNIT = re.compile(r"(?i)[,\s]*\(?\s*(?:in\s+)?(?:wt\.?|weight|mass)[\s-]*(?:%|per ?cent)\s*\)?|%")
_OTHER_UNIT = re.compile(r"(?i)\b(?:at|mol)\b|(?:at|mol)\.?-?%|atom|mole")
_BALANCE = re.compile(r"(?i)\s*(?:bal(?:ance)?|rest)\.?\s*")


class InvalidWeights(InvalidFormulas):
    """Some weights give no composition; the message lists the first rows, and `problems` has all."""

    way_out = "Correct them, or leave them out."


def from_weights(alloys: Iterable[str | Mapping[str, float]] | pd.DataFrame, balance: str | None = None) -> list[str]:
    """Turn weight per cent into formulas, which `parse`, `fit` and `predict` read.

    Parameters
    ----------
    alloys
        (B,) strings such as ``"Ti-6Al-4V"`` or ``"63Sn-37Pb"``, or dicts such as ``{"Ti": 90, "Al": 6, "V": 4}``, or a
        table of B rows with a column for each element. A part may also be a compound, as in ``"WC-10Co"`` or a column
        ``SiO2``. In a string, the part without a number makes up the rest to 100. In a dict or a table, an empty cell
        is zero, and the cell "bal." the rest. Weights are per cent, or shares of 1.
    balance
        Element that makes up the rest to 100 per cent in dicts and rows of a table that do not state its weight.

    Returns
    -------
    list of str
        (B,) formulas, whose amounts are mole fractions of the elements in float64.

    Raises
    ------
    InvalidWeights
        If weights are negative, infinite or no numbers; if they miss their total by more than `TOLERANCE`; or if a part
        is no formula. `problems` has all rows.
    TypeError
        If `alloys` is a single string or dict.
    ValueError
        If columns of a table, or `balance`, are no elements or compounds, or if columns occur twice.

    Notes
    -----
    Source of the atomic masses: pymatgen's table of the elements.

    Examples
    --------
    >>> from lgdcnn_core.composition import from_weights
    >>> from_weights(["Ti-6Al-4V"])  # doctest: +SKIP
    ['Ti0.8620443997268924Al0.10195484622147567V0.03600075405163191']
    """
    if isinstance(alloys, str | Mapping):
        raise TypeError(f"alloys is a single {type(alloys).__name__}; wrap it in a list")
    if balance is not None and not _is_formula(balance):
        raise ValueError(f"balance is {quoted(balance)}, which is no element or compound")
    if isinstance(alloys, pd.DataFrame):
        _check_columns(alloys.columns)
    rows = alloys.to_dict("records") if isinstance(alloys, pd.DataFrame) else alloys
    formulas, problems = [], []
    for row, alloy in enumerate(rows):
        try:
            weights = _weights_of_text(alloy) if isinstance(alloy, str) else _weights_of_mapping(alloy, balance)
            formulas.append(_formula(weights))
        except UnreadableFormula as error:
            problems.append(Problem(row, alloy, str(error)))
    if problems:
        raise InvalidWeights(tuple(problems))
    return formulas


def _check_columns(columns: "pd.Index[Any]") -> None:
    wrong = [column for column in columns if not _is_formula(column)]
    if wrong or not columns.is_unique:
        named = ", ".join(map(quoted, wrong[:5] or columns[columns.duplicated()][:5]))
        trouble = "are no elements or compounds" if wrong else "occur twice"
        raise ValueError(f"columns {trouble}: {named}; pass those of the weights, such as table[['Fe', 'Cr', 'Ni']]")


def _is_formula(name: object) -> bool:
    try:
        return isinstance(name, str) and bool(amounts_of(normalised(name))[0])
    except UnreadableFormula:
        return False


def _weights_of_text(text: str) -> dict[str, float]:
    """Weights by part; the part without a number makes up the rest."""
    if _OTHER_UNIT.search(text):
        raise UnreadableFormula("these are not weights: write atoms as amounts, Ti90Al6V4, and moles as 75Li2S·25P2S5")
    parts = parts_of(normalised(_UNIT.sub("", text)))
    if parts is None:
        raise UnreadableFormula("not written like Ti-6Al-4V: parts joined by dashes, each but one with its weight")
    names = [part.formula for part in parts]
    if len(set(names)) < len(names):
        raise UnreadableFormula("a part occurs twice")
    return _completed({part.formula: None if part.number is None else float(part.number) for part in parts})


def _weights_of_mapping(alloy: object, balance: str | None) -> dict[str, float]:
    if not isinstance(alloy, Mapping):
        raise UnreadableFormula(f"neither a string nor a dict but {type(alloy).__name__}")
    weights: dict[str, float | None] = {}
    for name, weight in alloy.items():
        if not isinstance(name, str):
            raise UnreadableFormula(f"{quoted(name)} is no symbol")
        if isinstance(weight, str) and _BALANCE.fullmatch(weight):
            weights[name] = None
        elif pd.api.types.is_scalar(weight) and pd.isna(weight):
            continue
        elif isinstance(weight, Real) and 0 <= float(weight) < math.inf:
            weights[name] = float(weight)
        else:
            raise UnreadableFormula(
                f"the weight of {quoted(name)} is {quoted(weight)}: weights are finite and not negative"
            )
    if balance is not None:
        weights.setdefault(balance, None)
    return _completed(weights)


def _completed(weights: Mapping[str, float | None]) -> dict[str, float]:
    """Fill in the rest to 100 per cent for the part that has no number; check the total where all have one."""
    known = {name: weight for name, weight in weights.items() if weight is not None}
    missing = [name for name in weights if name not in known]
    total = math.fsum(known.values())
    if len(missing) > 1:
        raise UnreadableFormula(f"{quoted(', '.join(missing))}: only one part can make up the rest")
    if missing:
        if total > 100:
            raise UnreadableFormula(f"weights add up to {total:g}, which leaves nothing for {quoted(missing[0])}")
        return {missing[0]: 100 - total} | known
    if not any(math.isclose(total, whole, rel_tol=TOLERANCE) for whole in (1, 100)):
        raise UnreadableFormula(
            f"weights add up to {total:g}, neither 100 (per cent) nor 1: name the element that makes up the rest, such "
            'as balance="Fe"'
        )
    return known


def _formula(weights: Mapping[str, float]) -> str:
    """Mole fractions of the elements, as a formula."""
    moles: dict[str, float] = {}
    for name, weight in weights.items():
        amounts, _ = amounts_of(normalised(name))
        units = weight / math.fsum(amount * _masses()[symbol] for symbol, amount in amounts.items())
        for symbol, amount in amounts.items() if units else ():
            moles[symbol] = moles.get(symbol, 0.0) + units * amount
    total = math.fsum(moles.values())
    return text_of({symbol: amount / total for symbol, amount in moles.items()})


@cache
def _masses() -> dict[str, float]:
    """Atomic masses in g/mol, by symbol."""
    from pymatgen.core import Element  # imported late: it costs seconds

    return {element.symbol: float(element.atomic_mass) for element in Element}
