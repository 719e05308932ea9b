"""What all figures have in common: the style file, the widths of a page, and how units are written."""

STYLE = "lgdcnn_core.companion.figures.lgdcnn"
"""For `matplotlib.style.use` or `matplotlib.style.context`."""

SINGLE, DOUBLE = 3.3, 6.9
"""Widths of one column and of the whole page of the paper's journal, in."""

_UNITS = {
    "mu_B": "μB",
    "A^3/atom": "Å³/atom",
    "cm^-1": "cm⁻¹",
    "1/K": "K⁻¹",
    "log10(GPa)": "log₁₀ GPa",
    "1": "dimensionless",
}


def unit_text(unit: str) -> str:
    """Write the unit of a data card as figures have it; "" stays ""."""
    return _UNITS.get(unit, unit)


def label(quantity: str, unit: str) -> str:
    """Label of an axis, such as "MAE (GPa)"; without a unit (classification) the quantity alone."""
    return f"{quantity} ({unit_text(unit)})" if unit else quantity
