"""Mixtures and alloys as people write them: parts with a number in front, joined by dashes ("Ti-6Al-4V")."""

import re
from decimal import Decimal
from typing import NamedTuple

from lgdcnn_core.composition.notation import DASHES, UnreadableFormula, amounts_of

_SEPARATOR = re.compile(rf"\s*(?:[+:{DASHES}]|/(?![0-9])|(?<![0-9])/)\s*")  # the slash of 1/3 separates nothing
_BRACKETED = re.compile(r"\s*\(([^()]*)\)\s*")
_PART = re.compile(r"\s*([0-9]*\.?[0-9]+)?\s*([A-Z(\[{].*?)\s*", re.DOTALL)


class Part(NamedTuple):
    """One part of a mixture.

    Attributes
    ----------
    number : Decimal or None
        The number in front, such as 6; None if there is none.
    formula : str
        Such as ``"Al"`` or ``"Li2S"``.
    amounts : dict
        Amounts by symbol in one formula unit.
    """

    number: Decimal | None
    formula: str
    amounts: dict[str, float]


def parts_of(text: str) -> list[Part] | None:
    """Split a text such as "75Li2S-25P2S5" at dashes, plus signs, colons and slashes; None unless all are formulas."""
    parts = []
    for piece in _SEPARATOR.split(_BRACKETED.sub(r"\1", text) if _BRACKETED.fullmatch(text) else text):
        bracketed = _BRACKETED.fullmatch(piece)
        match = _PART.fullmatch(bracketed[1] if bracketed else piece)
        if not match:
            return None
        number, formula = match.groups()
        try:
            parts.append(Part(Decimal(number) if number else None, formula, amounts_of(formula)[0]))
        except UnreadableFormula:
            return None
    return parts if len(parts) > 1 else None
