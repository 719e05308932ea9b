"""Name things as chemists do: the environment of an element in a compound, and an element's place in the table."""

from collections.abc import Sequence
from functools import cache

from pymatgen.core import Composition, Element

PARTNERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("O", ("O",)),
    ("N", ("N",)),
    ("halogen", ("F", "Cl", "Br", "I", "At")),
    ("S, Se, Te", ("S", "Se", "Te")),
    ("other non-metal", ("H", "B", "C", "Si", "P", "Ge", "As", "Sb")),
)
"""Partners that name an environment; the first one present gives the name. If none is, all partners are metals."""

METAL = "metal"
ALONE = "pure"
F_ELEMENTS = "f"


def environment(elements: Sequence[int], focus: int) -> str:
    """Name the environment of an element by its partners, such as "Si-O" or "Si-metal".

    A composition shows no bonds: Si in a silicate of an organic salt is "Si-O" like any other. Noble gases count as
    metals here; the benchmark sets have hardly any compounds of them.

    Parameters
    ----------
    elements
        Atomic numbers of the compound.
    focus
        Atomic number of the element.
    """
    symbol = _symbol(focus)
    partners = {_symbol(int(number)) for number in elements} - {symbol}
    if not partners:
        return f"{symbol}, {ALONE}"
    found = (name for name, members in PARTNERS if partners & set(members))
    return f"{symbol}-{next(found, METAL)}"


def environments_in_order(focus: int) -> list[str]:
    """List all names that `environment` can give, in a fixed order."""
    symbol = _symbol(focus)
    return [f"{symbol}-{name}" for name, _ in PARTNERS] + [f"{symbol}-{METAL}", f"{symbol}, {ALONE}"]


def reduced(formula: str) -> str:
    """Write a formula as chemists do: ``As1Cr1Ni1`` is ``CrNiAs``, ``O2Si1`` is ``SiO2``."""
    return str(Composition(formula).reduced_formula)


def group(number: int) -> str:
    """Return the group of an element, 1 to 18; "f" for lanthanides and actinides, which have no group of their own."""
    element = Element.from_Z(number)
    return F_ELEMENTS if element.block == "f" else str(element.group)


def block(number: int) -> str:
    """Return the block of an element: "s", "p", "d" or "f"."""
    return str(Element.from_Z(number).block)


@cache  # pymatgen searches all elements each time, which takes seconds for a data set
def _symbol(number: int) -> str:
    return str(Element.from_Z(number).symbol)
