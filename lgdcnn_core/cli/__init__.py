"""The command ``lgdcnn``: predict, fit, evaluate, read CECV, and show model cards, at a terminal."""
