"""Formulas as people write them, rewritten in the one notation that pymatgen reads without surprises.

The plain notation has element symbols, positive decimal amounts and round brackets, nothing else. Whatever a
formula can say beyond that is either rewritten here (hydrate dots, other brackets, subscripts, exponents,
white space) or refused with a reason (charges, isotopes, unknown elements).
"""

import math
import re
from decimal import Decimal

from pymatgen.core import Element

ATOMIC_NUMBERS: dict[str, int] = {Element.from_Z(z).symbol: z for z in range(1, 119)}

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_CLOSING = {"(": ")", "[": "]", "{": "}"}

# Nearly all formulas of the benchmarks are plain already. One match tells, faster than their tokens.
_PLAIN = re.compile(
    rf"(?:(?:{'|'.join(ATOMIC_NUMBERS)})(?:[1-9][0-9]*(?:\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)?)+",
)

# Dots in use for hydrates: middle dot, bullet, bullet operator, dot operator, hyphenation point, katakana
# middle dots, asterisks. A full stop is one only where it is no part of an amount, which is tried first.
_TOKEN = re.compile(
    r"""(?P<symbol>[A-Z][a-z]*)
    |(?P<amount>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<opening>[(\[{])
    |(?P<closing>[)\]}])
    |(?P<dot>[.*\u00b7\u2022\u2219\u22c5\u2027\u30fb\uff65\u2217])
    |(?P<space>\s+)
    |(?P<sign>[-+^\u2212\u2013\u00b2\u00b3\u00b9\u2070-\u207b\u208a\u208b])
    |(?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)

# An element's or a bracket's amount, not a hydrate's leading one; and not 0.5, whose 0 cannot stand alone.
_DECIMAL_BEFORE_WATER = re.compile(r"[A-Za-z)\]}]\s*(?:[1-9][0-9]*)?\.[0-9]+\s*\(?H2O")


class UnreadableFormula(ValueError):
    """A text that is no formula; the message is the reason, without the text itself."""


def to_plain(text: str) -> str:
    """Rewrite a formula in plain notation: symbols, positive decimal amounts, balanced round brackets.

    Parameters
    ----------
    text
        A formula such as ``"CuSO4·5H2O"``, ``"[Fe(CN)6]"``, ``"Fe₂O₃"`` or ``"Na N"``.

    Returns
    -------
    str
        Such as ``"CuSO4(H2O)5"``: the same elements, first met in the same order.

    Raises
    ------
    UnreadableFormula
        For anything that has no single reading as a composition; the message is the reason.

    Notes
    -----
    A full stop followed by a digit is a decimal point ("CuSO4.5H2O" holds O4.5), as it is for pymatgen and in
    the published code; `has_decimal_before_water` tells where that may not be what was meant.
    """
    return text if _PLAIN.fullmatch(text) else _rewrite(text.translate(_SUBSCRIPTS))


def has_decimal_before_water(text: str) -> bool:
    """Whether a full stop, read as a decimal point, may have been meant as a hydrate dot ("CuSO4.5H2O")."""
    return "." in text and _DECIMAL_BEFORE_WATER.search(text.translate(_SUBSCRIPTS)) is not None


def _rewrite(text: str) -> str:
    """Rewrite token by token; `text` has no subscripts left."""
    written: list[str] = []
    brackets: list[str] = []
    # A hydrate's leading amount (the 5 of ·5H2O) waits here for the end of its part, one place per bracket.
    coefficients = [""]
    before = "start"  # what came last: a kind of token, "start" or "coefficient"

    def end_part() -> None:
        if before not in ("symbol", "amount", "closing"):
            raise UnreadableFormula("there is no element where one is due: an empty bracket or a loose dot or amount")
        if coefficients[-1]:
            written.append(f"){coefficients[-1]}")
            coefficients[-1] = ""

    for match in _TOKEN.finditer(text):
        kind, token = str(match.lastgroup), match.group()
        if kind == "space":
            continue
        if kind == "symbol":
            _check_symbol(token)
            written.append(token)
        elif kind == "amount":
            amount = _decimal(token)
            if before in ("symbol", "closing"):
                written.append(amount)
            elif before in ("amount", "coefficient"):
                raise UnreadableFormula(f"two amounts in a row, at {token!r}; write a hydrate dot as '\u00b7'")
            else:
                written.append("(")
                coefficients[-1] = amount
                kind = "coefficient"
        elif kind == "opening":
            written.append("(")
            brackets.append(token)
            coefficients.append("")
        elif kind == "closing":
            opened = brackets.pop() if brackets else None
            if opened is None or _CLOSING[opened] != token:
                closed = "no bracket" if opened is None else repr(opened)
                raise UnreadableFormula(f"{token!r} (character {match.start() + 1}) closes {closed}")
            end_part()
            coefficients.pop()
            written.append(")")
        elif kind == "dot":
            end_part()
        else:
            raise UnreadableFormula(_why_stray(text, match, before))
        before = kind
    if before == "start":
        raise UnreadableFormula("it is empty")
    if brackets:
        raise UnreadableFormula(f"the bracket {brackets[-1]!r} is never closed")
    end_part()
    return "".join(written)


def _check_symbol(symbol: str) -> None:
    """Raise unless `symbol` is one of the 118 elements."""
    if symbol in ("D", "T"):
        # pymatgen reads both as hydrogen. No model here tells isotopes apart, so the user has to say so.
        raise UnreadableFormula(f"{symbol} is an isotope and models know elements only; write H if that is meant")
    if symbol not in ATOMIC_NUMBERS:
        raise UnreadableFormula(f"unknown element {symbol!r}")


def _decimal(amount: str) -> str:
    """Write an amount without exponent ("1.5E-2" becomes "0.015"); pymatgen does not read every exponent."""
    value = float(amount)
    if value == 0:
        raise UnreadableFormula(f"the amount {amount} is zero")
    if math.isinf(value):
        raise UnreadableFormula(f"the amount {amount} is infinite in float64")
    return format(Decimal(amount), "f")


def _why_stray(text: str, match: re.Match[str], before: str) -> str:
    """Reason why the sign or stray character at `match` is not part of a formula."""
    token, position = match.group(), match.start()
    where = f"{token!r} (character {position + 1})"
    if match.lastgroup == "sign":
        if token in "-\u2212" and before in ("symbol", "closing") and re.match(r"[0-9.]", text[position + 1 :]):
            return f"{where}: a negative amount or a charge; a composition has neither"
        return f"{where}: a charge, a superscript or a range is not part of a composition"
    if token.islower():
        return f"{where}: element symbols start with a capital letter"
    return f"{where} is not part of a formula"
