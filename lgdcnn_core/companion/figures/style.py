"""The style file of all figures, and the widths of a page."""

STYLE = "lgdcnn_core.companion.figures.lgdcnn"
"""For `matplotlib.style.use` or `matplotlib.style.context`."""

SINGLE, DOUBLE = 3.3, 6.9
"""Widths of one column and of the whole page of the paper's journal, in."""
