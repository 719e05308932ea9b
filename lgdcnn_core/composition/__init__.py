"""Formula text to compositions, and every way in which a formula can be bad.

`parse` reads formulas into `Compositions`: ragged arrays of atomic numbers and fractions in the published
element order. What cannot be read raises `InvalidFormulas`, which lists every bad row as a `Problem`.
"""

from lgdcnn_core.composition.compositions import Compositions, Problem, TooManyElements
from lgdcnn_core.composition.order import Order
from lgdcnn_core.composition.parsing import InvalidFormulas, parse

__all__ = ["Compositions", "InvalidFormulas", "Order", "Problem", "TooManyElements", "parse"]
