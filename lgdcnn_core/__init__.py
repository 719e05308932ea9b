"""Material properties from composition alone: CECV, L-G-DCNN and the networks of Du & Wang (JCTC 2024)."""

__version__ = "0.1.0"

from lgdcnn_core.regressor import CompositionRegressor

__all__ = ["CompositionRegressor", "__version__"]
