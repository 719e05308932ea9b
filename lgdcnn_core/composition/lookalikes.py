"""Text that the notation reads, but which may mean another composition: refused, or read with a warning."""

import re

from lgdcnn_core.composition.compositions import quoted
from lgdcnn_core.composition.notation import ATOMIC_NUMBERS, DOTS, UnreadableFormula

FULL_STOP = (
    "A full stop read as a decimal point (write an adduct as CuSO4·5H2O, or read these formulas with "
    'composition.parse(formulas, full_stop="adduct"))'
)
ZERO = "Elements left out, because an amount is zero"
BLANK = "A blank ignored between the parts of a formula (write an adduct as CuSO4·5H2O, and one formula in each row)"
FRACTION = "A fraction read as an amount may be a slash between layers (write a mixture as 50Al2O3·50SiO2)"
BRACKET = "A number at the start of a bracket multiplies the bracket (leave a mass number out)"
DOPANT = "An element in brackets at the end read as one atom (write the amount of a dopant, leave a phase name out)"
NUMERAL = "A Roman numeral in brackets read as iodine or vanadium (leave an oxidation state out)"

_SYMBOL = r"[A-Z][a-z]?"
_NONMETALS = "H|B|C|N|O|F|Si|P|S|Cl|As|Se|Br|Te|I"

# The amount before a full stop that may join an adduct is an integer, and the formula after it has integers only:
# that tells "LiClO4.3NH3" from "Bi2Te2.7Se0.3".
_COUNT = r"(?:[1-9][0-9]*)?"
_GUEST = rf"(?:\s*(?:{_SYMBOL}|[(\[{{]|[)\]}}]){_COUNT}(?![0-9]))+"
_FULL_STOP = re.compile(
    rf"(?P<host>{_SYMBOL}|[)\]}}])(?P<amount>\s*{_COUNT}\s*)\.(?P<coefficient>(?:[0-9]+\.)?[0-9]+(?:/[0-9]+)?\s*)"
    rf"(?=(?P<guest>{_GUEST})(?:\s*$|\s*[{re.escape(DOTS[1:])}]|\.(?:[0-9]+\.)?[0-9]*\s*[A-Z(\[{{]))"
)
_MOLECULES = re.compile(r"\s*[(\[{]?(?:H2O|OH2|NH3|N2|O2|H2|Cl2|Br2|I2|S8|C60|C70)(?![0-9a-z])")
_SOLVENTS = re.compile(r"\s*[(\[{]?(?:H2O|OH2|NH3)(?![0-9a-z])")

_AMOUNT = r"[0-9.]+(?:/[0-9]+)?"
_ELEMENTWISE = re.compile(rf"[(\[{{]*(?:{_SYMBOL}(?:{_AMOUNT})?)?(?:[)\]}}]+(?:{_AMOUNT})?)*")
_TOKENWISE = re.compile(rf"{_SYMBOL}|{_AMOUNT}|[()\[\]{{}}]")
NUCLIDE_IN_BRACKETS = re.compile(rf"\[\s*[0-9]+\s*{_SYMBOL}|[({{]\s*[0-9]+\s*{_SYMBOL}\s*[)}}]")
_NUCLIDES = re.compile(rf"\s*([0-9]{{1,3}})({_SYMBOL})([0-9]{{1,3}})({_SYMBOL})")
_NUMERAL = re.compile(r"\(\s*(?:(?:II|III|IV|VI{1,3})\s*\)|[IV]\s*\)(?!\s*[0-9]))")


def as_adducts(text: str) -> str:
    """Write '·' for each full stop that may join an adduct ("LiClO4.3NH3"); others are decimal points."""
    return _FULL_STOP.sub(
        lambda match: (
            "{host}{amount}\u00b7{coefficient}".format(**match.groupdict()) if _may_join(text, match) else match.group()
        ),
        text,
    )


def _may_join(text: str, match: re.Match[str]) -> bool:
    host, amount, coefficient, guest = (match[name].strip() for name in ("host", "amount", "coefficient", "guest"))
    if "." not in coefficient and coefficient.startswith("0"):
        return False  # La1.02MnO3: no coefficient starts with zero
    if _SOLVENTS.match(guest):
        return True
    before = re.split(f"[{re.escape(DOTS[1:])}]", text[: match.start("amount")])[-1]
    of_host, of_guest = (set(re.findall(_SYMBOL, each)) for each in (before, guest))
    return (
        amount != "1"  # nobody writes NaCl1 for a salt
        and (host in ")]}" or (re.fullmatch(_NONMETALS, host) is not None and len(of_host) > 1))
        and (len(of_guest) > 1 or _MOLECULES.match(guest) is not None)
    )


def refuse_lookalike(text: str) -> None:
    """Refuse a text that would almost surely become another composition than was meant.

    Raises
    ------
    UnreadableFormula
        For isotope labels, and for an adduct whose dot is a blank.
    """
    if match := NUCLIDE_IN_BRACKETS.search(text):
        raise UnreadableFormula(
            f"{quoted(match.group())}: an isotope or a polytype? Models know elements and amounts only: leave it out, "
            "or write the amount after its symbol"
        )
    if (match := _NUCLIDES.match(text)) and is_nuclide(*match.group(1, 2)) and is_nuclide(*match.group(3, 4)):
        raise UnreadableFormula(f"{quoted(match.group())}: isotopes? Models know elements only: leave mass numbers out")
    for chunk in _chunks(text)[1:]:
        if re.match(rf"{_AMOUNT}\s*[A-Z(\[{{]", chunk):
            raise UnreadableFormula(f"a blank before {quoted(chunk)}: write an adduct with a dot, such as CuSO4·5H2O")


def doubts_about(text: str) -> list[str]:
    """Give the warnings that a readable text calls for, besides those about its full stops and zero amounts."""
    found = []
    chunks = _chunks(text)
    # "Ca (C O3)" has one element in a chunk, "Fe 2 O 3" one symbol or amount; other blanks may be a dot or a comma.
    if len(chunks) > 1 and not any(all(map(style.fullmatch, chunks)) for style in (_ELEMENTWISE, _TOKENWISE)):
        found.append(BLANK)
    fractions = re.findall(rf"(?=({_NONMETALS}|[)\]}}])?([0-9]+)/([0-9]+)\s*([A-Z(\[{{])?)", text)
    if any(float(top) >= float(bottom) or (host and after and top != "1") for host, top, bottom, after in fractions):
        found.append(FRACTION)
    if re.search(rf"[({{]\s*[0-9]+\s*{_SYMBOL}", text):
        found.append(BRACKET)
    if _NUMERAL.search(text):
        found.append(NUMERAL)
    elif re.search(rf"\(\s*{_SYMBOL}\s*\)\s*$", text):
        found.append(DOPANT)
    return found


def _chunks(text: str) -> list[str]:
    """Split at blanks that are neither beside a dot nor after a coefficient."""
    dots = re.escape(DOTS)
    joined = re.sub(rf"\s*([{dots[2:]}])\s*|\s*(\.)(?:\s+|(?![0-9]))", lambda dot: dot[1] or dot[2], text.strip())
    joined = re.sub(rf"(^|[{dots}(\[{{])({_AMOUNT})\s+(?=[A-Z(\[{{])", r"\1\2", joined)
    return re.split(r"\s+", joined)


def is_nuclide(mass_number: str, symbol: str) -> bool:
    """Whether a nuclide with 1 to 1.6 neutrons for two protons and more, roughly, has this mass number."""
    protons = ATOMIC_NUMBERS.get(symbol, 0)
    return int(mass_number) <= 3 if protons == 1 else 1.5 * protons <= int(mass_number) <= 2.6 * protons
