"""The benchmark data sets of the paper: their names, cards and files, and how to load them."""

from .catalogue import Card, card, names
from .download import fetch
from .errors import DataError, FoldError, UnknownDataSetError
from .joint import KINDRED, few_compounds, joint_table, joint_validation, masked_joint_table, masked_pairs, without_kin
from .overlap import without_judged, without_pure_elements
from .reference import WITHOUT_PURE_ELEMENTS, published
from .split import Split, load

__all__ = [
    "KINDRED",
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
    "joint_validation",
    "load",
    "masked_joint_table",
    "masked_pairs",
    "names",
    "published",
    "without_judged",
    "without_kin",
    "without_pure_elements",
]
