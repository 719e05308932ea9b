"""Formulas to compositions, and every way in which a formula can be bad.

`parse` reads formulas into `Compositions`: ragged arrays of atomic numbers and fractions in the published
element order. A formula that cannot be read raises `InvalidFormulas`, which has every bad row as a `Problem`.
`from_weights` turns alloys in weight per cent into formulas.
"""

from lgdcnn_core.composition.compositions import Compositions, Problem, TooManyElements
from lgdcnn_core.composition.order import Order
from lgdcnn_core.composition.parsing import InvalidFormulas, parse
from lgdcnn_core.composition.weights import from_weights

__all__ = ["Compositions", "InvalidFormulas", "Order", "Problem", "TooManyElements", "from_weights", "parse"]
