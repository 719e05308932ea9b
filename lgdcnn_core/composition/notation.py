"""The notation of formulas: from text to amounts by symbol, exactly as written.

A formula has element symbols, amounts, brackets, dots between the parts of an adduct, and blanks. All else is
refused. `lookalikes` finds what this grammar reads, but was meant otherwise.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.composition.compositions import quoted, shortened

SYMBOLS = re.findall(
    r"\w+",
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts "
    "Og",
)  # not from pymatgen, which takes seconds to import
ATOMIC_NUMBERS: dict[str, int] = {symbol: number for number, symbol in enumerate(SYMBOLS, start=1)}

DOTS = ".*\u00b7\u2022\u2219\u22c5\u2027\u30fb\uff65\u2217"
"""Dots of adducts: full stop (where no digit follows), asterisk, middle dot, bullet, bullet operator, dot operator,
hyphenation point, katakana middle dots, asterisk operator."""

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212-"  # the hyphen comes last, as in a set of a regular expression

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉\u2044\u2215", "0123456789//")
_CLOSING = {"(": ")", "[": "]", "{": "}"}

# Nearly all formulas of the benchmarks are plain: symbols and amounts. Two matches read one, faster than its tokens.
_PLAIN = re.compile(r"(?:[A-Z][a-z]?(?:[1-9][0-9]*(?:\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)?)+")
_PAIR = re.compile(r"([A-Z][a-z]?)([0-9.]*)")

_TOKEN = re.compile(
    rf"""(?P<symbol>[A-Z][a-z]*)
    |(?P<amount>[0-9]+/[1-9][0-9]*|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[¼½¾⅐-⅞])
    |(?P<opening>[(\[{{])
    |(?P<closing>[)\]}}])
    |(?P<dot>[{DOTS}])
    |(?P<space>\s+)
    |(?P<sign>[+^\u00b2\u00b3\u00b9\u2070-\u207b\u208a\u208b{DASHES}])
    |(?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)


class UnreadableFormula(ValueError):
    """A text that is no formula; the message is the reason, without the text itself."""


class _Part:
    """Amounts within one pair of brackets, or outside all: those of finished parts, and of the part being read.

    Parameters
    ----------
    opening
        The bracket that opens it; empty outside all brackets.
    """

    def __init__(self, opening: str = "") -> None:
        self.opening = opening
        self.finished: dict[str, float] = {}
        self.amounts: dict[str, float] = {}
        self.coefficient = 1.0

    def add(self, unit: Mapping[str, float], amount: float) -> None:
        _add(self.amounts, unit, amount)

    def finish(self) -> dict[str, float]:
        """Multiply the part being read by its coefficient, and begin the next."""
        _add(self.finished, self.amounts, self.coefficient)
        self.amounts, self.coefficient = {}, 1.0
        return self.finished


def _add(total: dict[str, float], unit: Mapping[str, float], times: float) -> None:
    for symbol, amount in unit.items() if times else ():
        total[symbol] = total.get(symbol, 0.0) + amount * times


def normalised(text: str) -> str:
    """Write subscript digits and fraction slashes in ASCII; every character keeps its position."""
    return text.translate(_SUBSCRIPTS)


def plain_amounts(text: str) -> dict[str, float] | None:
    """Read symbols and positive decimal amounts, such as "Fe2O3"; None if `text` has anything else."""
    if not _PLAIN.fullmatch(text):
        return None
    amounts: dict[str, float] = {}
    for symbol, amount in _PAIR.findall(text):
        if symbol not in ATOMIC_NUMBERS:
            return None
        amounts[symbol] = amounts.get(symbol, 0.0) + (float(amount) if amount else 1.0)
    return amounts


def amounts_of(text: str) -> tuple[dict[str, float], bool]:
    """Read a formula: amounts by symbol, in order of first appearance, and whether an amount is written as zero.

    Elements whose amount is written as zero are left out.

    Parameters
    ----------
    text
        A normalised formula such as ``"CuSO4·5H2O"``, ``"[Fe(CN)6]"``, ``"Mg1/3Nb2/3"`` or ``"Na N"``.

    Raises
    ------
    UnreadableFormula
        For anything that this grammar does not read; the message is the reason.
    """
    parts = [_Part()]
    unit: Mapping[str, float] = {}  # the symbol or bracket that waits for its amount
    before = "start"  # what came last: a kind of token, "start" or "coefficient"
    has_zero = False
    for match in _TOKEN.finditer(text):
        kind, token, part = str(match.lastgroup), match.group(), parts[-1]
        if kind == "space":
            continue
        if kind == "amount":
            has_zero |= value_of(token) == 0
        if kind == "amount" and before in ("symbol", "closing"):
            part.add(unit, value_of(token))
            unit = {}
        else:
            part.add(unit, 1.0)
            unit = {}
            if kind == "symbol":
                check_symbol(token)
                unit = {token: 1.0}
            elif kind == "amount":
                if before in ("amount", "coefficient"):
                    raise UnreadableFormula(
                        f"two amounts in a row, at {quoted(token)}; write a hydrate dot as '\u00b7'"
                    )
                part.coefficient = value_of(token)
                kind = "coefficient"
            elif kind == "opening":
                parts.append(_Part(token))
            elif kind == "closing":
                if _CLOSING.get(part.opening) != token:
                    closed = repr(part.opening) if part.opening else "no bracket"
                    raise UnreadableFormula(f"{token!r} (character {match.start() + 1}) closes {closed}")
                _require_element(before)
                unit = parts.pop().finish()
            elif kind == "dot":
                _require_element(before)
                part.finish()
            else:
                raise UnreadableFormula(_why_stray(text, match, before))
        before = kind
    if before == "start":
        raise UnreadableFormula("it is empty")
    if len(parts) > 1:
        raise UnreadableFormula(f"the bracket {parts[-1].opening!r} is never closed")
    _require_element(before)
    parts[0].add(unit, 1.0)
    return parts[0].finish(), has_zero


def _require_element(before: str) -> None:
    if before not in ("symbol", "amount", "closing"):
        raise UnreadableFormula("there is no element where one is due: an empty bracket or a loose dot or amount")


def check_symbol(symbol: str) -> None:
    """Raise unless `symbol` is one of the 118 elements.

    Raises
    ------
    UnreadableFormula
        The message is the reason.
    """
    if symbol in ("D", "T"):
        # pymatgen reads both as hydrogen. No model here tells isotopes apart, so the user has to say so.
        raise UnreadableFormula(f"{symbol} is an isotope and models know elements only; write H if that is meant")
    if symbol not in ATOMIC_NUMBERS:
        raise UnreadableFormula(f"unknown element {quoted(symbol)}")


def value_of(amount: str) -> float:
    """Read an amount: a decimal, with exponent or without, or a fraction such as "1/3" or "⅓".

    Raises
    ------
    UnreadableFormula
        If float64 cannot hold it.
    """
    numerator, _, denominator = amount.partition("/")
    value = float(numerator) / float(denominator or 1) if amount.isascii() else unicodedata.numeric(amount)
    if not math.isfinite(value):
        raise UnreadableFormula(f"the amount {shortened(amount)} is infinite in float64")
    if value == 0 and re.match(r"[0.]*[1-9]", amount):
        raise UnreadableFormula(f"the amount {shortened(amount)} is zero in float64")
    return value


def _why_stray(text: str, match: re.Match[str], before: str) -> str:
    """Reason why the sign or stray character at `match` is not part of a formula."""
    token, position = match.group(), match.start()
    where = f"{token!r} (character {position + 1})"
    if match.lastgroup == "sign":
        if token in DASHES and before in ("symbol", "closing") and re.match(r"[0-9.]", text[position + 1 :]):
            return f"{where}: a negative amount or a charge, which no composition has; or a mixture: 75Li2S\u00b725P2S5"
        return f"{where}: a charge, a superscript or a range is not part of a composition"
    if token.islower():
        return f"{where}: element symbols start with a capital letter"
    return f"{where} is not part of a formula"


def elements_beyond(atomic_numbers: NDArray[np.uint8], symbols: Iterable[str]) -> NDArray[np.uint8]:
    """Return the atomic numbers that are not those of these symbols, each once, ascending."""
    return np.setdiff1d(atomic_numbers, np.array([ATOMIC_NUMBERS[symbol] for symbol in symbols], dtype=np.uint8))
