"""`CompositionRegressor`: train, predict, save and load, one network or an ensemble."""

from lgdcnn_core.regressor.calibration import NotCalibrated
from lgdcnn_core.regressor.ensemble import InvalidEnsemble
from lgdcnn_core.regressor.estimator import CompositionRegressor
from lgdcnn_core.regressor.saved_model import NotASavedModel

__all__ = ["CompositionRegressor", "InvalidEnsemble", "NotASavedModel", "NotCalibrated"]
