"""Outputs of networks in the exact setting, and compounds to compare them on."""

from dataclasses import replace

import numpy as np

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition import parse as parse_formulas
from lgdcnn_core.models import Network
from lgdcnn_core.training import Layout, choose, outputs

COMPANY = ["NaCl", "Cu1", "Li3Fe2(PO4)3", "SrTiO3", "Y1Ba2Cu3O7", "Al2Si1O5", "K2Mg5Sn3", "NaN"]


def as_double(compositions: Compositions) -> Compositions:
    """Float32 fractions as float64 numbers, so that a network in float64 computes in float64."""
    return replace(compositions, fractions=compositions.fractions.astype(np.float64))


def exact(network: Network, formulas: list[str]) -> np.ndarray:
    """Raw outputs, (B, 2), of a network in float64, on the CPU."""
    layout = Layout("exact", 3)
    return outputs(network, as_double(layout.ordered(parse_formulas(formulas))), layout, choose("cpu", "float32"))
