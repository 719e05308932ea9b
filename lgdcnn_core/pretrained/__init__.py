"""Trained networks that come with the package: their files, checksums and model cards.

`lgdcnn_core.CompositionRegressor.pretrained` loads them by name.
"""

from lgdcnn_core.pretrained.catalogue import DamagedModel, MissingModel, UnknownModel, card, names, path, places

__all__ = ["DamagedModel", "MissingModel", "UnknownModel", "card", "names", "path", "places"]
