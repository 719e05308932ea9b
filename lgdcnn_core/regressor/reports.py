"""What a trained model tells besides its predictions: tables with units and intervals, features, contributions."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.composition.compositions import CASES_SHOWN, listed, quoted
from lgdcnn_core.composition.notation import SYMBOLS, elements_beyond
from lgdcnn_core.regressor import features
from lgdcnn_core.regressor.calibration import Calibration, usual_half_widths
from lgdcnn_core.regressor.predicting import WithPredictions
from lgdcnn_core.training import BadTrainingData, Formulas, Targets, UnknownElements
from lgdcnn_core.training.given import given
from lgdcnn_core.training.notices import warn_of_rare
from lgdcnn_core.training.tables import checked
from lgdcnn_core.training.targets import matched

RARE = 20
"""Training compounds with an element, below which a table warns of it; one in a hundred, if training had few."""


class WithReports(WithPredictions):
    """A trained model that tells more than predictions, see `CompositionRegressor`."""

    def calibrate(self, X: Formulas, y: Targets | None = None) -> Self:
        """Learn from compounds outside the training data how wide intervals must be to hold a share of the values.

        Parameters
        ----------
        X, y
            As in `fit`; several properties may have gaps. Use neither training data, whose errors are smaller, nor the
            compounds on which the model will be judged.

        Raises
        ------
        BadTrainingData
            As in `score`; also if the model is a classifier.
        """
        check_is_fitted(self, "networks_")
        if self.classification:
            raise BadTrainingData("a classification has no intervals: predict_proba gives probabilities")
        taken = given(X, y, "calibration", features=self.features_)
        if taken.targets is not None:
            taken = taken._replace(targets=matched(taken.targets, self.properties_, "calibration"))
        data = checked(taken, "calibration", False, gaps=True)
        mean, std = self.predict(self._again(data), return_std=True)
        self.calibration_ = Calibration.of(data.targets, mean, std)
        return self

    def table(self, X: Formulas, interval: float | None = None) -> pd.DataFrame:
        """Predict compounds and return a table for people: names, units, intervals, and how far each compound is.

        Parameters
        ----------
        X
            Formulas as in `predict`.
        interval
            Share of the values that the intervals hold, from 0.01 to 0.99. None: 0.9 if the model was calibrated, else
            no intervals.

        Returns
        -------
        DataFrame
            One row per compound and property: ``formula``, ``property``, ``unit``, ``value``, ``std``; ``lower`` and
            ``upper`` ends of the interval; ``distance`` to the nearest training compound, the smallest share of atoms
            that must be replaced to get its composition, and its formula, ``nearest``. A model whose file does not
            keep its training compounds has no distances. For a model with features, the columns of conditions too.

        Raises
        ------
        lgdcnn_core.training.UnknownElements
            If training never saw an element of a compound.
        lgdcnn_core.regressor.NotCalibrated
            If intervals are asked for, but the model was not calibrated.

        Warns
        -----
        lgdcnn_core.training.DataWarning
            Of compounds with an element that fewer than 20 training compounds have, or less than one in a hundred.
        """
        check_is_fitted(self, "networks_")
        taken = given(X, features=self.features_)
        compositions = parse(taken.formulas, labels=taken.labels)
        known = vars(self).get("training_compounds_")
        if "elements_seen_" in vars(self):
            require_seen(compositions, self.elements_seen_)
        if known is not None:
            warn_of_rare(compositions, known.with_element, min(RARE, max(len(known) // 100, 2)), taken.labels)
        formulas = compositions.formulas
        table = pd.DataFrame(index=taken.labels) if taken.conditions is None else taken.conditions
        predicted = self.predict(table.assign(formula=formulas), return_std=True)
        mean, std = (each.reshape(len(formulas), len(self.target_names_)) for each in predicted)
        n_properties = mean.shape[1]
        columns: dict[str, Any] = {
            "formula": np.repeat(formulas, n_properties),
            **{name: table[name].to_numpy().repeat(n_properties) for name in self.features_},
            "property": np.tile(self.target_names_, len(formulas)),
            "unit": np.tile(self.units_, len(formulas)),
            "value": mean.ravel(),
            "std": std.ravel(),
        }
        half = usual_half_widths(self.calibration_, std, interval)
        if half is not None:
            columns |= {"lower": (mean - half).ravel(), "upper": (mean + half).ravel()}
        if known is not None:
            distance, place = known.nearest(compositions)
            nearest = [known.formula(each) for each in place.tolist()]
            columns |= {"distance": distance.repeat(n_properties), "nearest": np.repeat(nearest, n_properties)}
        return pd.DataFrame(columns)

    def features(
        self, X: Formulas, layer: str | None = None, per_element: bool = False, member: int = 0
    ) -> NDArray[np.float32] | pd.DataFrame:
        """Return what a layer computes: a vector for each compound, for one's own plots and models.

        Parameters
        ----------
        X
            Formulas as in `predict`.
        layer
            A layer, as `lgdcnn_core.cecv.LayerReader` names it, such as ``"LSTM output"`` or
            ``"soft attention#2"``, the second call of it. None: the last one
            before the head.
        per_element
            Return the vector of each element in its compound, not their mean.
        member
            Number of the network in an ensemble, from 0.

        Returns
        -------
        (B, d) float32; per element, a DataFrame (T, d), indexed by row and symbol.

        Raises
        ------
        lgdcnn_core.cecv.LayerError
            If there is no such layer; the message lists the layers.
        """
        check_is_fitted(self, "networks_")
        index, found = features.element_features(self.networks_[member], self.batches(X), layer)
        table = pd.DataFrame(found, index=index)
        if per_element:
            return table
        return table.groupby(level="row").mean().to_numpy(dtype=np.float32)

    def neighbours(self, formula: str, n: int = 5, among: int = 300) -> pd.DataFrame:
        """Return the training compounds that the network finds most like a compound.

        Parameters
        ----------
        formula
            The compound.
        n
            Number of neighbours.
        among
            Number of training compounds, the nearest in composition, whose features are compared.

        Returns
        -------
        DataFrame
            ``formula`` of each neighbour; ``similarity``, the cosine between its last features and those of the
            compound; ``distance`` of compositions, see `table`. The most similar ones come first.

        Raises
        ------
        AttributeError
            If the model's file does not keep its training compounds.
        """
        known = self.training_compounds_
        distances = known.distances(parse([formula]), 0)
        candidates = np.argsort(distances, kind="stable")[:among]
        formulas = [known.formula(int(place)) for place in candidates]
        vectors = np.asarray(self.features([formula, *formulas]))
        itself, others = vectors[0], vectors[1:]
        similarity = others @ itself / (np.linalg.norm(others, axis=1) * np.linalg.norm(itself))
        found = pd.DataFrame({"formula": formulas, "similarity": similarity, "distance": distances[candidates]})
        return found.nlargest(n, "similarity").reset_index(drop=True)

    def contributions(self, X: Formulas) -> pd.DataFrame:
        """Return the contribution of each element to the prediction of its compound, in the property's unit.

        Before the head averages over a compound's elements, each has a number of its own. Contributions of a compound
        add up to its prediction minus the mean of the training targets, ``scaling_.mean``.

        Returns
        -------
        DataFrame
            (T, K): a row for each element of each compound, indexed by row and symbol, and a column for each property.
            For an ensemble they are means over its members.

        Raises
        ------
        ValueError
            If the model is a classifier, or learnt its targets as asinh: its predictions are no sums.
        """
        check_is_fitted(self, "networks_")
        if self.classification or self.scaling_.unit is not None:
            raise ValueError("this model does not predict a sum over elements: it learnt classes or asinh of targets")
        batches = list(self.batches(X))
        found = [features.contributions(network, batches) for network in self.networks_]
        mean = np.mean([each for _, each in found], axis=0) * np.asarray(self.scaling_.std)
        return pd.DataFrame(mean, index=found[0][0], columns=list(self.target_names_))


def require_seen(compositions: Compositions, seen: Iterable[str]) -> None:
    """Raise if a compound has an element that training never saw, given the symbols of those that it saw.

    Raises
    ------
    UnknownElements
        The message names elements and compounds.
    """
    unseen = elements_beyond(compositions.atomic_numbers, seen)
    rows = compositions.containing(unseen)
    if len(rows):
        symbols = ", ".join(SYMBOLS[number - 1] for number in unseen)
        shown = listed((quoted(compositions.formulas[row]) for row in rows[:CASES_SHOWN]), count=len(rows))
        raise UnknownElements(f"{len(rows)} compounds have elements that training never saw: {symbols} ({shown})")
