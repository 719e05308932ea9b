"""Reproduce the paper: which notebooks run with which parameters, and what comes out beside what was published.

``python -m lgdcnn_core.companion.reproduce --help``. Needs the extra ``notebooks``.
"""
