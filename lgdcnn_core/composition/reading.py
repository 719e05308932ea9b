"""One formula, as text, dict or pymatgen Composition: its amounts, or the true reason why it has none."""

import re
from collections.abc import Mapping
from decimal import Decimal
from math import inf
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple

import pandas as pd

from lgdcnn_core.composition import lookalikes
from lgdcnn_core.composition.compositions import quoted
from lgdcnn_core.composition.notation import (
    ATOMIC_NUMBERS,
    SYMBOLS,
    UnreadableFormula,
    amounts_of,
    check_symbol,
    normalised,
    plain_amounts,
)
from lgdcnn_core.composition.reasons import true_reason

FullStop = Literal["decimal point", "adduct"]
"""The meaning of a full stop that may be either, as in "CaCl2.6H2O"."""

_LONG_BLANK = re.compile(r"\s{20,}")  # patterns with two optional blanks take the square of its length


class Reading(NamedTuple):
    """A formula that is a composition.

    Attributes
    ----------
    formula : str
        As written; of a dict or Composition, a text with the same amounts.
    amounts : dict
        Positive amounts by symbol, in order of first appearance.
    doubts : sequence of str
        Warnings, see `lookalikes`.
    """

    formula: str
    amounts: dict[str, float]
    doubts: tuple[str, ...] | list[str] = ()


def read(formula: Any, full_stop: FullStop = "decimal point") -> Reading:
    """Read one formula.

    Raises
    ------
    UnreadableFormula
        If it is not a composition; the message is the reason.
    """
    if isinstance(formula, str):
        if "." not in formula and (amounts := plain_amounts(formula)):
            return Reading(formula, amounts)
        return _read_text(str(formula), full_stop)
    if isinstance(formula, Mapping):  # pymatgen's Composition is one
        return _read_mapping(formula)
    if pd.api.types.is_scalar(formula) and pd.isna(formula):
        raise UnreadableFormula(
            'a missing value; if the csv says "NaN", sodium nitride, read it with keep_default_na=False'
        )
    way_out = "; pass its .composition" if hasattr(formula, "composition") else ""
    raise UnreadableFormula(f"not a formula, dict or pymatgen Composition but {type(formula).__name__}{way_out}")


def text_of(amounts: Mapping[str, float]) -> str:
    """Write amounts as a formula that reads back to the same float64 numbers."""
    return "".join(f"{symbol}{'' if amount == 1 else _decimal(amount)}" for symbol, amount in amounts.items())


def _decimal(amount: float) -> str:
    text = format(Decimal(repr(amount)), "f")
    return text.removesuffix(".0")


def _read_text(formula: str, full_stop: FullStop) -> Reading:
    text = _LONG_BLANK.sub(" ", normalised(formula))
    doubts = []
    if "." in text and (adducts := lookalikes.as_adducts(text)) != text:
        if full_stop == "adduct":
            text = adducts
        else:
            doubts.append(lookalikes.FULL_STOP)
    if amounts := plain_amounts(text):
        return Reading(formula, amounts, doubts)
    if len(formula.strip().splitlines()) > 1:
        raise UnreadableFormula("two lines in one string: give each formula a row of its own")
    try:
        amounts, has_zero = amounts_of(text)
    except UnreadableFormula as error:
        raise UnreadableFormula(true_reason(text) or str(error)) from None
    lookalikes.refuse_lookalike(text)
    return _with_elements(formula, amounts, [*doubts, *lookalikes.doubts_about(text)], has_zero)


def _read_mapping(formula: Mapping[Any, Any]) -> Reading:
    amounts: dict[str, float] = {}
    for key, value in formula.items():
        symbol, amount = _symbol_of(key), _amount_of(value)
        if amount is None:
            raise UnreadableFormula(f"the amount of {symbol} is {quoted(value)}: amounts are finite and not negative")
        if amount:
            amounts[symbol] = amounts.get(symbol, 0.0) + amount
    return _with_elements(text_of(amounts), amounts, [], has_zero=any(value == 0 for value in formula.values()))


def _amount_of(value: object) -> float | None:
    """Give a number as float64; None unless it is finite and not negative."""
    try:
        amount = float(value) if isinstance(value, Real | Decimal) else inf
    except OverflowError:
        return None
    return amount if 0 <= amount < inf else None


def _symbol_of(key: Any) -> str:
    """Symbol of a dict's key: a symbol, an atomic number, or an Element or Species of pymatgen."""
    if isinstance(key, Integral) and not isinstance(key, bool) and 1 <= int(key) <= len(SYMBOLS):
        return SYMBOLS[int(key) - 1]
    # The symbol of pymatgen's Element("D") is "H", its name "D"; an oxidation state follows the symbol.
    match = re.match("[A-Z][a-z]*", str(getattr(key, "name", key))) if hasattr(key, "symbol") else None
    symbol = match[0] if match else key
    if symbol in ("D", "T"):
        check_symbol(symbol)
    if symbol not in ATOMIC_NUMBERS:
        raise UnreadableFormula(
            f"unknown element {quoted(symbol)}: a dict has symbols or atomic numbers, a mixture is 75Li2S\u00b725P2S5"
        )
    return str(symbol)


def _with_elements(formula: str, amounts: dict[str, float], doubts: list[str], has_zero: bool) -> Reading:
    """Refuse a formula without elements; doubt one with zero amounts, whose elements are left out already."""
    if not amounts:
        raise UnreadableFormula("every amount is zero" if has_zero else "it is empty")
    return Reading(formula, amounts, [*doubts, lookalikes.ZERO] if has_zero else doubts)
