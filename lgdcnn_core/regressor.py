"""Train and use a network the scikit-learn way, on formulas and targets."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import check_is_fitted

from lgdcnn_core import __version__, saved_model
from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.elements import ElementTable
from lgdcnn_core.models import Network, build, chain
from lgdcnn_core.models.published import load_published
from lgdcnn_core.training import (
    PAPER,
    PREDICTION_BATCH,
    BadTrainingData,
    Compute,
    Formulas,
    Layout,
    Plan,
    Recipe,
    Scaling,
    Setting,
    choose,
    formulas_and_targets,
    hold_out,
    labelled,
    merge_duplicates,
    outputs,
    prediction_batches,
    recipe,
    require_known,
    sigmoid,
    train,
)

VALIDATION_FRACTION = 0.1
"""Share of the training data held out where a recipe needs validation data and is given none."""


class CompositionRegressor(RegressorMixin, BaseEstimator):
    """Predict a property of a material from its composition.

    Parameters
    ----------
    model
        Name or spec of the network, see `lgdcnn_core.models.build`.
    recipe
        ``"fast"`` (ours), ``"paper"`` (as published) or a `lgdcnn_core.training.Recipe`.
    setting
        ``"exact"``: a compound's prediction depends on that compound alone. ``"published"``: padding takes part, as
        the paper ran it.
    elements
        Element table, see `lgdcnn_core.elements.names`.
    seed
        Decides initial weights, order of batches, noise and dropout: same seed, same machine, same numbers.
    classification
        Targets are classes 0 and 1; `predict` gives classes and `predict_proba` probabilities.
    device
        ``"cuda"``, ``"mps"``, ``"cpu"``; None takes the best there is.
    progress
        Show a progress bar with loss and validation error.

    Attributes
    ----------
    network_
        The trained `lgdcnn_core.models.Network`.
    history_
        Learning curve and what else training went through, `lgdcnn_core.training.History`.
    recipe_, scaling_, layout_, compute_
        What the training used: recipe, standardisation, batch layout, device and precision.
    n_train_, n_val_
        Compounds trained on, duplicates merged, and compounds that validated.

    Examples
    --------
    >>> from lgdcnn_core import CompositionRegressor, benchmarks
    >>> data = benchmarks.load("aflow__ael_bulk_modulus_vrh")
    >>> model = CompositionRegressor().fit(data.train, val=data.val)  # doctest: +SKIP
    >>> mean, std = model.predict(["Fe2O3", "SrTiO3"], return_std=True)  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str = "L-G-DCNN",
        recipe: str | Recipe = "fast",
        setting: Setting = "exact",
        elements: str = "mat2vec",
        seed: int = 0,
        classification: bool = False,
        device: str | None = None,
        progress: bool = True,
    ) -> None:
        self.model = model
        self.recipe = recipe
        self.setting = setting
        self.elements = elements
        self.seed = seed
        self.classification = classification
        self.device = device
        self.progress = progress

    def fit(
        self,
        X: Formulas,
        y: Iterable[float] | None = None,
        val: pd.DataFrame | tuple[Formulas, Iterable[float]] | None = None,
        init: "str | Path | CompositionRegressor | None" = None,
        checkpoint: Path | None = None,
    ) -> Self:
        """Train.

        Training rows with the same formula string are averaged into one, as the paper does.

        Parameters
        ----------
        X
            Formulas; or, without `y`, a DataFrame with columns ``formula`` and ``target``.
        y
            Targets, (B,), in the property's unit.
        val
            Validation data, the same way (a DataFrame or a pair), which choose the weights that are kept. A recipe
            that cannot do without holds out 10 % of the training data, drawn by the seed, if none are given.
        init
            Fine-tune: start from this model, or saved model, instead of fresh weights.
        checkpoint
            File for the state after each epoch; a training that was interrupted goes on from it.

        Raises
        ------
        lgdcnn_core.composition.InvalidFormulas
            If formulas are wrong; lists all of them.
        BadTrainingData
            If there is nothing to train on, or targets are missing, infinite or of another number than the formulas.
        UnknownElements
            If the element table lacks an element.
        """
        self.recipe_ = recipe(self.recipe)
        train_data = merge_duplicates(labelled(X, y, "training", self.classification))
        val_data = None
        if val is not None:
            X_val, y_val = val if isinstance(val, tuple) else (val, None)
            val_data = labelled(X_val, y_val, "validation", self.classification)
        elif self.recipe_.needs_validation:
            train_data, val_data = hold_out(train_data, VALIDATION_FRACTION, self.seed)

        self.compute_ = choose(self.device, self.recipe_.precision)
        self.layout_ = Layout(self.setting, int(train_data.compositions.lengths.max()))
        self.scaling_ = Scaling.of(train_data.targets, self.classification)
        self.network_ = self._initial_network(init).to(self.compute_.device)
        for data in filter(None, (train_data, val_data)):
            require_known(data.compositions, self.network_.elements)
        self.n_train_, self.n_val_ = len(train_data), len(val_data) if val_data else 0
        self.history_ = train(
            self.network_,
            train_data,
            val_data,
            Plan(self.recipe_, self.layout_, self.scaling_, self.compute_, self.seed, self.classification),
            checkpoint=checkpoint,
            progress=self.progress,
        )
        return self

    def predict(
        self, X: Formulas, return_std: bool = False
    ) -> NDArray[np.float64] | tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Predict the property of each compound, in its unit; in classification, its class.

        Predictions are computed in float32 whatever the training's precision.

        Parameters
        ----------
        X
            Formulas: a list, a Series, or a DataFrame with a column ``formula``.
        return_std
            Also give the standard deviation that the network states for each prediction (regression only).

        Returns
        -------
        (B,), or a pair of (B,).

        Raises
        ------
        lgdcnn_core.composition.InvalidFormulas
            If formulas are wrong; lists all of them.
        """
        if self.classification:
            if return_std:
                raise ValueError("a classification has no standard deviation; see predict_proba")
            return (self.predict_proba(X)[:, 1] >= 0.5).astype(float)
        raw = self._outputs(X)
        mean = raw[:, 0] * self.scaling_.std + self.scaling_.mean
        return (mean, np.exp(raw[:, 1]) * self.scaling_.std) if return_std else mean

    def predict_proba(self, X: Formulas) -> NDArray[np.float64]:
        """Probabilities of classes 0 and 1, (B, 2)."""
        if not self.classification:
            raise AttributeError("predict_proba is for classification=True")
        positive = sigmoid(self._outputs(X)[:, 0])
        return np.stack([1 - positive, positive], axis=1)

    def score(self, X: Formulas, y: Iterable[float] | None = None) -> float:
        """Coefficient of determination R2 (in classification, accuracy) of the predictions; higher is better."""
        formulas, targets = formulas_and_targets(X, y)
        if targets is None:
            raise BadTrainingData("score needs targets: y, or a DataFrame with a column 'target'")
        metric = accuracy_score if self.classification else r2_score
        return float(metric(targets, self.predict(formulas)))

    def save(self, path: str | Path) -> Path:
        """Save the model as one safetensors file, which needs nothing else to predict."""
        check_is_fitted(self, "network_")
        description = {
            "parameters": self.get_params() | {"recipe": self.recipe_.as_dict()},
            "layout": asdict(self.layout_),
            "scaling": asdict(self.scaling_),
            "known_elements": np.flatnonzero(self.network_.elements.known).tolist(),
            "lgdcnn_core": __version__,
        }
        return saved_model.write(Path(path), description, self.network_.state_dict())

    @classmethod
    def load(cls, path: str | Path, device: str | None = None) -> Self:
        """Load a model that `save` wrote; its predictions are bit-equal on the same machine.

        Raises
        ------
        lgdcnn_core.saved_model.NotASavedModel
            If the file is something else.
        """
        description, tensors = saved_model.read(Path(path))
        parameters = description["parameters"]
        parameters["recipe"] = Recipe(**parameters["recipe"])
        vectors = tensors["embedding.element_vectors"].numpy()
        known = np.zeros(len(vectors), dtype=bool)
        known[description["known_elements"]] = True
        self = cls(**parameters | {"device": device})
        network = Network(chain(self.model), ElementTable(parameters["elements"], vectors, known))
        network.load_state_dict(tensors)
        return self._adopt(network, Scaling(**description["scaling"]), Layout(**description["layout"]))

    @classmethod
    def from_published(cls, path: str | Path, n_max: int, model: str | None = None, device: str | None = None) -> Self:
        """Use a checkpoint of the paper's published implementation, or CrabNet's, in the published setting.

        Parameters
        ----------
        path
            The checkpoint.
        n_max
            Largest number of elements in a compound of its training data, to which every compound is padded.
        model
            Name of the network; None takes the file's own. L-G-DCNN and L-G-DCNN-v1 cannot be told apart by content.
        """
        name, network, mean, std = load_published(path, model)
        self = cls(name, recipe=PAPER, setting="published", device=device)
        return self._adopt(network, Scaling(mean, std), Layout("published", n_max))

    def batches(self, X: Formulas) -> Iterator[tuple[tuple[Any, Any], NDArray[Any], NDArray[Any], NDArray[Any]]]:
        """Yield what the network is given for these compounds, batch by batch, as `cecv.layer_efms` takes it.

        Yields
        ------
        inputs, lengths, atomic_numbers, rows
            What the network is called with; elements of each compound, (B,); these, (B, N), in the order that the
            network reads, 0 where there are no more; places of the compounds in `X`, (B,).
        """
        compositions = self._compositions(X)
        for batch, rows in prediction_batches(compositions, self.layout_, self.compute_, PREDICTION_BATCH):
            chosen = compositions[rows]
            yield (batch.src, batch.frac), chosen.lengths, chosen.padded()[0], rows

    def _adopt(self, network: Network, scaling: Scaling, layout: Layout) -> Self:
        """Take a network that was trained elsewhere."""
        self.recipe_ = recipe(self.recipe)
        self.compute_ = choose(self.device, self.recipe_.precision)
        self.network_ = network.to(self.compute_.device)
        self.scaling_, self.layout_ = scaling, layout
        return self

    def _initial_network(self, init: "str | Path | CompositionRegressor | None") -> Network:
        if init is None:
            return build(self.model, self.elements, seed=self.seed)
        start = init if isinstance(init, CompositionRegressor) else CompositionRegressor.load(init, device=self.device)
        check_is_fitted(start, "network_")
        if start.model != self.model:
            raise BadTrainingData(f"cannot fine-tune {self.model} from a {start.model}")
        return copy.deepcopy(start.network_)

    def _outputs(self, X: Formulas) -> NDArray[np.float64]:
        """Raw outputs of the network, (B, 2)."""
        check_is_fitted(self, "network_")
        in_float32 = Compute(self.compute_.device, bfloat16=False)
        return outputs(self.network_, self._compositions(X), self.layout_, in_float32)

    def _compositions(self, X: Formulas) -> Compositions:
        """Compounds as the network reads them."""
        check_is_fitted(self, "network_")
        compositions = parse(formulas_and_targets(X, None)[0])
        require_known(compositions, self.network_.elements)
        return self.layout_.ordered(compositions)
