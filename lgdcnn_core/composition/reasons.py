"""Why a text is no formula, in the terms of who wrote it, with the way out."""

import re
from collections.abc import Callable
from decimal import Decimal

from lgdcnn_core.composition.compositions import quoted, shortened
from lgdcnn_core.composition.lookalikes import NUCLIDE_IN_BRACKETS, is_nuclide
from lgdcnn_core.composition.mixtures import parts_of
from lgdcnn_core.composition.notation import ATOMIC_NUMBERS, DASHES, DOTS

_WEIGHTS = re.compile(r"(?i)\b(?:wt|mass)\b|wt\.?-?%|weight")
_ATOMIC = re.compile(r"(?i)\bat\b|at\.?-?%|atom")
_VARIABLE = re.compile(
    rf"[-+±{DASHES}]\s*(?P<added>delta|[xyzwuvnmkdXδεηλ])(?![a-z])"
    rf"|[0-9)\]}}{re.escape(DOTS)}]\s*(?P<after>[xyzwuvnkₓ])(?![a-z0-9])"
    r"|(?P<greek>(?<=[A-Za-z0-9)\]}])\s*[δεηλₓ])"
    r"|^\s*\(?\s*(?P<first>[xyzwuvnmk])(?=[A-Z(\[{])"
)
_SUPERSCRIPT_MASS = re.compile(r"(?:\^\{?[0-9]+\}?|[⁰¹²³⁴-⁹]+)\s*[A-Z]")
_NUCLIDE = re.compile(rf"\s*([A-Z][a-z]?)\s*[{DASHES}]\s*([1-9][0-9]{{0,2}})m?\s*")
_RATIO = re.compile(r"[0-9]\s*:\s*[0-9.]+\s*\)?\s*$")
_ADDUCT = re.compile(
    rf"(?:[+:;/\u00d7{DASHES}]|\sx|(?<!\u00b7[0-9]),)\s*[0-9.]*\s*[(\[]?(?:H2O|NH3)(?![0-9a-z])|\.[0-9]+/[0-9]+[A-Z]"
)
_PHASE = re.compile(
    rf"(?P<prefix>^\s*(?:[a-z]['\u2032]?\s*[{DASHES}]\s*|[\u0391-\u03c9]['\u2032]?\s*[{DASHES}]?\s*"
    rf"|(?:[0-9]+[A-Z]|[OP][123])['\u2032]?[{DASHES}])(?=[A-Z]))"
    rf"|(?P<suffix>(?<=[a-z0-9)\]}}])\s*[_{DASHES}][0-9]+[HRT]['\u2032]?\s*$)"
    rf"|(?P<state>\(\s*(?:[a-z]{{1,2}}|[\u03b1-\u03c9])\s*\)|[,_\s{DASHES}](?:s|l|g|aq|cr|am|[\u03b1-\u03c9])\s*$)"
    r"|(?P<word>(?<![A-Za-z])(?:[A-Z][a-z]{3,}|[a-z]{3,})(?![a-z]))"
)


def true_reason(text: str) -> str | None:
    """Give the likely reason why `text` is no formula; None if nothing but its first bad character is known."""
    for reason_of in _REASONS:
        if reason := reason_of(text):
            return reason
    return None


def _decimal_comma(text: str) -> str | None:
    match = re.search(r"([0-9]+),([0-9]+)", text)
    return f"a decimal comma? write {shortened('.'.join(match.groups()))}" if match else None


def _adduct(text: str) -> str | None:
    return "an adduct? write it with a dot, such as CuSO4\u00b75H2O" if _ADDUCT.search(text) else None


def _markup(text: str) -> str | None:
    return "markup is not part of a formula: write Fe2O3 or Fe₂O₃" if re.search(r"</|[$\\]|_\{?[0-9]", text) else None


def _isotope(text: str) -> str | None:
    nuclide = _NUCLIDE.fullmatch(text)  # U-235
    is_labelled = _SUPERSCRIPT_MASS.search(text) or NUCLIDE_IN_BRACKETS.search(text)
    if not is_labelled and not (nuclide and is_nuclide(nuclide[2], nuclide[1])):
        return None
    return "an isotope? A superscript or a mass number is not part of a composition: leave it out"


def _dopant(text: str) -> str | None:
    pieces = text.split(":")
    is_ratio = _RATIO.search(text) or all(re.match(r"\s*[0-9.]", piece) for piece in pieces)  # 75Li2S:25P2S5
    if re.search(r"(?i)dop[aei]", text) or (len(pieces) > 1 and not is_ratio):
        return "a dopant without an amount in the formula: write all amounts, such as SrTi0.99Nb0.01O3"
    return None


def _per_cent(text: str) -> str | None:
    if _WEIGHTS.search(text):
        return f"weight per cent: composition.from_weights([{quoted(text)}])"
    if _ATOMIC.search(text):
        return "atomic per cent: write the numbers as amounts, such as Ti90Al6V4"
    if re.search(r"(?i)\bmol\b|mol\.?-?%|mole", text):
        return "a mixture in mole per cent: write it as 75Li2S\u00b725P2S5"
    if "%" in text:
        return "per cent by weight: composition.from_weights; by atoms: write Ti90Al6V4; by moles: 75Li2S\u00b725P2S5"
    return None


def _variable(text: str) -> str | None:
    match = _VARIABLE.search(text)
    name = next(filter(None, match.groups()), None) if match else None
    for token in re.findall(r"[A-Z][a-z]+", text):
        if token not in ATOMIC_NUMBERS and token[:-1] in ATOMIC_NUMBERS and token[-1] in "xyzwuvnm":
            name = token[-1]
    return f"{name.strip()!r} is a variable: write the amount that it has" if name else None


def _phase(text: str) -> str | None:
    match = _PHASE.search(text)
    if not match or not re.search("[A-Z]", text):
        return None
    name = match.group().strip(f" \t(),_{DASHES}")
    if re.search(r"[A-Za-z]", text.replace(match.group(), "")):
        return f"{quoted(name)} is a phase name, which a composition does not have: leave it out"
    return f"{quoted(name)} is a name, not a formula: write symbols and amounts"


def _mixture(text: str) -> str | None:
    if _RATIO.search(text):
        return "a ratio beside the formula: write a mixture as 75Li2S\u00b725P2S5"
    parts = parts_of(text)
    if not parts:
        return None
    joined = "".join(part.formula for part in parts)
    if all(len(part.amounts) == 1 and part.number is None for part in parts) and re.search("[0-9]", joined):
        return f"dashes between elements: leave them out: {shortened(joined)}"
    missing = [part for part in parts if part.number is None]
    given = sum(part.number or Decimal(0) for part in parts)
    of_elements = all(part.formula in ATOMIC_NUMBERS for part in parts)
    rest = (1 if given < 1 and not of_elements else 100) - given  # 99.6 of Fe-0.4C, but 0.9 of ZrO2-0.1Y2O3
    if len(missing) > 1 or (missing and rest <= 0):
        return "a mixture without amounts: write one before each part, such as 75Li2S\u00b725P2S5"
    by_moles = shortened("\u00b7".join(f"{part.number or rest}{part.formula}" for part in parts))
    by_weight = f"composition.from_weights([{quoted(text)}])"
    if of_elements:
        return f"looks like weight per cent: {by_weight}; if it is atomic per cent, write {by_moles}"
    if missing:
        return f"a negative amount, a charge or a mixture; a mixture by weight is {by_weight}, by moles {by_moles}"
    return f"a mixture: write {by_moles}, or for weight per cent {by_weight}"


def _comma(text: str) -> str | None:
    if re.search(r"[(\[{][^)\]}]*,", text):
        return "',': elements that share a site: write their amounts, such as (Mg0.9Fe0.1)2SiO4"
    match = re.search("[,;]", text)
    return f"{match.group()!r}: several formulas? Give each a row of its own" if match else None


_REASONS: tuple[Callable[[str], str | None], ...] = (
    _adduct,
    _decimal_comma,
    _markup,
    _isotope,
    _dopant,
    _per_cent,
    _variable,
    _phase,
    _mixture,
    _comma,
)
