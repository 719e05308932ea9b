"""One property of a network that has learnt several, as a model of that property alone."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.companion.runs.joint import JointRecord
from lgdcnn_core.companion.runs.record import WithoutCurve

Values = NDArray[np.float64]


class OneOfMany:
    """A network of a joint training, seen as the model of one data set.

    Parameters
    ----------
    weights
        File of the network.
    record
        Record of the joint training.
    dataset
        The data set, whose property is one of the network's.
    device
        As in `training.choose`.

    Attributes
    ----------
    recipe_, history_, compute_, n_train_
        As in `lgdcnn_core.CompositionRegressor`; recipe and history are those of the joint training, and `n_train_`
        counts the compounds whose value of this property the network has learnt.
    """

    classification: Literal[False] = False

    def __init__(self, weights: Path, record: JointRecord, dataset: str, device: str | None) -> None:
        assert record.best_epoch is not None
        self._network = CompositionRegressor.load(weights, device=device)
        self._column = (self._network.properties_ or ()).index(dataset)
        self.recipe_, self.compute_ = self._network.recipe_, self._network.compute_
        self.n_train_ = record.n_known[dataset]
        tokens = round(record.tokens_per_second * record.seconds)
        self.history_ = WithoutCurve([], record.best_epoch, tokens, False, record.seconds)

    def predict(self, table: pd.DataFrame, return_std: bool = True) -> tuple[Values, Values]:
        """Predict the property of each compound, (B,), in its unit, and the stated standard deviation, (B,)."""
        assert return_std
        mean, std = self._network.predict(table, return_std=True)
        return mean[:, self._column], std[:, self._column]
