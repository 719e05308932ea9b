"""The style file of all figures, and the widths of a page."""

STYLE = "lgdcnn_core.companion.figures.lgdcnn"
"""For `matplotlib.style.use` or `matplotlib.style.context`."""

SINGLE, DOUBLE = 3.3, 7.0
"""Widths of a figure in one column and across a page, in inches."""
