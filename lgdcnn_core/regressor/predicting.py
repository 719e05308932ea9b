"""Predict and score with a trained model."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.regressor import ensemble
from lgdcnn_core.regressor.calibration import half_widths
from lgdcnn_core.regressor.features import Inputs
from lgdcnn_core.regressor.scores import score
from lgdcnn_core.regressor.trained import Trained
from lgdcnn_core.training import (
    PREDICTION_BATCH,
    Compute,
    Formulas,
    SampleWeight,
    Targets,
    given,
    matched,
    outputs,
    prediction_batches,
    require_known,
    sigmoid,
    softmax,
)
from lgdcnn_core.training.classes import BINARY
from lgdcnn_core.training.conditions import checked_conditions
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.losses import LOWEST_LOG_UNCERTAINTY
from lgdcnn_core.training.notices import warn_of_cut, warn_of_unseen, warn_of_unused
from lgdcnn_core.training.tables import checked


class WithPredictions(Trained):
    """A model that predicts, see `CompositionRegressor`."""

    def predict(
        self, X: Formulas, return_std: bool = False, interval: float | None = None
    ) -> NDArray[Any] | tuple[NDArray[np.float64], ...]:
        """Return the predicted property of each compound, in its unit; in classification, its label.

        Predictions are computed in float32, whatever the precision of the training.

        Parameters
        ----------
        X
            Formulas as in `fit`: a list, a Series, or a table with a column ``formula``. For a model with features, a
            table with these columns too.
        return_std
            Also return the standard deviation that the network predicts for each value (regression only). For an
            ensemble it is that of the mixture of its members, see `ensemble.mean_and_std`.
        interval
            Also return the lower and upper ends of intervals that hold this share of the values, from 0.01 to 0.99; the
            model must be calibrated, see `calibrate`.

        Returns
        -------
        (B,); with `return_std` a pair of (B,), with `interval` mean, lower and upper end. For several properties
        (B, K), in the order of `properties_`.

        Raises
        ------
        lgdcnn_core.composition.InvalidFormulas
            If formulas are invalid; the message lists all of them.
        BadTrainingData
            If features are missing or no finite numbers; the message names the columns.
        lgdcnn_core.regressor.NotCalibrated
            If intervals are asked for, but the model was not calibrated.

        Warns
        -----
        lgdcnn_core.training.DataWarning
            Of compounds with an element that training never saw, and of those that the padded setting cuts off; and of
            columns of numbers that are not used, which might be meant as conditions. Other columns pass, as a table to
            predict may describe its compounds; `fit` and `score` warn of every column that they do not use.
        """
        if self.classification:
            if return_std or interval is not None:
                raise ValueError("a classification has no standard deviation and no intervals; see predict_proba")
            probabilities = self.predict_proba(X)
            two = probabilities.shape[1] == BINARY
            likeliest = (probabilities[:, 1] >= 0.5).astype(int) if two else probabilities.argmax(axis=1)
            return np.asarray(self.classes_)[likeliest]
        if return_std and interval is not None:
            raise ValueError("predict gives intervals or standard deviations; call it twice for both")
        mean, std = self.predicted(*self._read(X))
        if interval is None:
            return (mean, std) if return_std else mean
        half = half_widths(self.calibration_, std, interval)
        return mean, mean - half, mean + half

    def predicted(
        self, compositions: Compositions, conditions: NDArray[np.float64] | None = None, bfloat16: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation of compounds that are parsed already.

        Parameters
        ----------
        compositions
            B compounds, as `prepared` returns them.
        conditions
            (B, C) standardised conditions, for a model with features.
        bfloat16
            Compute matrix products in bfloat16.

        Returns
        -------
        (B,) each; for several properties, (B, K).
        """
        raw = self._outputs(compositions, conditions, bfloat16)
        log_uncertainty = np.maximum(raw[..., 1], LOWEST_LOG_UNCERTAINTY[self.layout_.setting])
        own = self.scaling_.uncertainty(raw[..., 0], log_uncertainty)
        return ensemble.mean_and_std(self.scaling_.predicted(raw[..., 0]), own)

    def prepared(self, compositions: Compositions) -> Compositions:
        """Return parsed compounds with elements in the order that the networks read, for `predicted`.

        Raises
        ------
        lgdcnn_core.training.UnknownElements
            If the element table lacks an element.
        """
        require_known(compositions, self.network_.elements)
        return self.layout_.ordered(compositions)

    def predict_proba(self, X: Formulas) -> NDArray[np.float64]:
        """Return the probability of each class, (B, C), in the order of `classes_`.

        The probabilities of an ensemble are means over its members.
        """
        if not self.classification:
            raise AttributeError("predict_proba is for classification=True")
        logits = self._outputs(*self._read(X))[..., 0]
        if self.network_.head.n_targets > 1:
            return np.asarray(softmax(logits).mean(axis=0))
        positive = sigmoid(logits).mean(axis=0)
        return np.stack([1 - positive, positive], axis=1)

    def score(self, X: Formulas, y: Targets | None = None, sample_weight: SampleWeight | None = None) -> float:
        """Return the coefficient of determination R2 of the predictions, or in classification their accuracy.

        Only known targets count. For several properties, the score is the mean R2 of those with at least two known
        targets. `X`, `y` and `sample_weight` are as in `fit`; columns of a DataFrame are matched by name.

        Raises
        ------
        BadTrainingData
            If there are no targets; if they are not numbers, or not classes of the model; if they belong to other
            properties; or if sample weights are wrong.

        Warns
        -----
        lgdcnn_core.training.DataWarning
            Of columns that are not used, and as `predict` does of compounds.
        """
        check_is_fitted(self, "networks_")
        taken = given(X, y, "scored", sample_weight, self.features_)
        warn_of_unused(taken.unused, "scored")
        if taken.targets is not None:
            taken = taken._replace(targets=matched(taken.targets, self.properties_, "scored"))
        data = checked(taken, "scored", self.classification, gaps=True, classes=self.classes_)
        predicted = np.asarray(self.predict(self._again(data)))
        if self.classes_ is not None:
            predicted = np.searchsorted(self.classes_, predicted)
        return score(data.targets, predicted, self.classification, data.weights)

    def _again(self, data: Labelled) -> pd.DataFrame:
        """Return compounds that were read as a table to predict."""
        table = pd.DataFrame(data.conditions, columns=self.features_ or None, index=data.labels)
        return table.assign(formula=data.compositions.formulas)

    def batches(self, X: Formulas) -> Iterator[Inputs]:
        """Yield the network's inputs for these compounds, batch by batch, as `cecv.layer_efms` takes them.

        A model with features needs a table, as in `predict`; its conditions join after all layers that CECV reads.

        Yields
        ------
        inputs, lengths, atomic_numbers, rows, amounts
            Fields of `cecv.Batch`, with elements in the order that the network reads; rows are those of the compounds
            in `X`. Amounts are None in the published setting, which reads elements by amount and leaves ties as they
            are written.
        """
        compositions, conditions = self._read(X)
        for batch, rows in prediction_batches(compositions, self.layout_, self.compute_, PREDICTION_BATCH, conditions):
            chosen = compositions[rows]
            atomic_numbers, fractions = chosen.padded()
            amounts = fractions if self.layout_.setting == "exact" else None
            yield batch.inputs, chosen.lengths, atomic_numbers, rows, amounts

    def _outputs(
        self, compositions: Compositions, conditions: NDArray[np.float64] | None, bfloat16: bool = False
    ) -> NDArray[np.float64]:
        """Return the raw outputs of each of k networks, (k, B, 2); of K properties or K > 2 classes, (k, B, K, 2)."""
        compute = Compute(self.compute_.device, bfloat16)
        found = np.stack(
            [outputs(network, compositions, self.layout_, compute, conditions) for network in self.networks_]
        )
        number = self.network_.head.n_targets  # which outputs of no compounds do not show
        return found.reshape(*found.shape[:2], *([number] if number > 1 else []), 2)

    def _read(self, X: Formulas) -> tuple[Compositions, NDArray[np.float64] | None]:
        """Parse compounds, with elements in the order that the networks read; and their standardised conditions."""
        check_is_fitted(self, "networks_")
        taken = given(X, features=self.features_)
        compositions = parse(taken.formulas, labels=taken.labels)
        known = {*(self.properties_ or ()), self.target_}
        warn_of_unused([name for name in taken.unused_numbers if name not in known], "given")
        if "elements_seen_" in vars(self):
            warn_of_unseen(compositions, self.elements_seen_, taken.labels)
        warn_of_cut(compositions, self.layout_, taken.labels)
        conditions = None
        if taken.conditions is not None and self.condition_scaling_ is not None:
            conditions = checked_conditions(taken.conditions, compositions, "given", taken.labels)
            conditions = self.condition_scaling_.learnt(conditions)
        return self.prepared(compositions), conditions
