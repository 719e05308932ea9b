"""A small regressor on ten compounds, for tests that need a trained one."""

import numpy as np
import pandas as pd
from compounds import FORMULAS

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.training import FAST

TABLE = pd.DataFrame({"formula": FORMULAS, "target": np.linspace(10, 100, 10)})
BRIEF = FAST.with_changes(epochs=2, batch_size=4, precision="float32")


def regressor(**parameters) -> CompositionRegressor:
    return CompositionRegressor(**({"model": "LSTM", "recipe": BRIEF, "progress": False} | parameters))
