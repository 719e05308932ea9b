"""The benchmark data sets of the paper: their names, cards and files, and how to load them."""

from .catalogue import Card, card, names
from .download import fetch
from .errors import DataError, FoldError, UnknownDataSetError
from .joint import few_compounds, joint_table
from .overlap import without_judged, without_pure_elements
from .reference import WITHOUT_PURE_ELEMENTS, published
from .split import Split, load

__all__ = [
    "WITHOUT_PURE_ELEMENTS",
    "Card",
    "DataError",
    "FoldError",
    "Split",
    "UnknownDataSetError",
    "card",
    "fetch",
    "few_compounds",
    "joint_table",
    "load",
    "names",
    "published",
    "without_judged",
    "without_pure_elements",
]
