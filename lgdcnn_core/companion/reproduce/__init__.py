"""Reproduce the paper: make the runs of a profile, run the notebooks, and set our numbers beside the published ones.

``python -m lgdcnn_core.companion.reproduce --help``. Needs the extra ``companion``.
"""
