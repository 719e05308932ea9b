"""Orders in which the elements of a compound are read, which a composition does not have of itself."""

import math
import warnings
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["amount, atomic number", "amount, electronegativity", "electronegativity"]
"""By descending amount, ties by what follows, or by electronegativity alone, the most electropositive element first, as
most formulas are written. What is still tied comes by atomic number."""


@cache
def electronegativities() -> NDArray[np.float64]:
    """Pauling's electronegativity by atomic number, (119,); infinite for elements that have none, such as argon.

    Source: pymatgen's table of the elements.
    """
    from pymatgen.core import Element  # imported late: it costs seconds

    result = np.full(119, math.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns of each element that has none
        for number in range(1, 119):
            value = Element.from_Z(number).X
            if not math.isnan(value):
                result[number] = value
    return result
