"""The command ``lgdcnn``: predict, fit, evaluate, read CECV, and show model cards, at a terminal."""

DONE, FAILED, REJECTED, INTERRUPTED = 0, 1, 3, 130
"""Exit statuses (argparse ends with 2); `REJECTED`: done, but some rows could not be predicted."""
