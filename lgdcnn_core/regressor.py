"""Train and use a network the scikit-learn way, on formulas and targets."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import check_is_fitted

from lgdcnn_core import __version__, ensemble, saved_model
from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.models import Network, chain
from lgdcnn_core.models.published import load_published
from lgdcnn_core.training import (
    PAPER,
    PREDICTION_BATCH,
    BadTrainingData,
    Compute,
    Formulas,
    History,
    Layout,
    Plan,
    Recipe,
    Scaling,
    Setting,
    Targets,
    Watch,
    choose,
    formulas_and_targets,
    outputs,
    prediction_batches,
    property_names,
    recipe,
    require_known,
    sigmoid,
    train,
    training_and_validation,
)
from lgdcnn_core.training.start import continued, fresh


class CompositionRegressor(RegressorMixin, BaseEstimator):
    """Predict a property of a material, or several at once, from its composition.

    Parameters
    ----------
    model
        Name or spec of the network, see `lgdcnn_core.models.build`.
    recipe
        ``"fast"`` (ours), ``"paper"`` (as published), another key of `lgdcnn_core.training.RECIPES`, or a `Recipe`.
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
    n_members
        Networks, of seeds `seed`, `seed` + 1 and so on, trained on the same data. With more than one the prediction is
        their mean, which is more accurate than any of them as a rule, and takes as many times as long to train.

    Attributes
    ----------
    networks_, histories_
        Each member's trained `lgdcnn_core.models.Network`, and its learning curve and what else training went
        through, `lgdcnn_core.training.History`.
    network_, history_
        Those of the first member: the only one, unless there are several. CECV reads one network at a time.
    properties_
        Names of several properties; None of a single one.
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
        n_members: int = 1,
    ) -> None:
        self.model = model
        self.recipe = recipe
        self.setting = setting
        self.elements = elements
        self.seed = seed
        self.classification = classification
        self.device = device
        self.progress = progress
        self.n_members = n_members

    @property
    def network_(self) -> Network:
        """Trained network of the first member."""
        return self.networks_[0]

    @property
    def history_(self) -> History:
        """Training history of the first member."""
        return self.histories_[0]

    def fit(
        self,
        X: Formulas,
        y: Targets | None = None,
        val: pd.DataFrame | tuple[Formulas, Targets] | None = None,
        init: "str | Path | CompositionRegressor | None" = None,
        checkpoint: Path | None = None,
        stop_after: int | None = None,
        init_property: str | None = None,
        watch: Watch | None = None,
    ) -> Self:
        """Train.

        Training rows with the same formula string are averaged into one, as the paper does.

        Parameters
        ----------
        X
            Formulas; or, without `y`, a DataFrame with columns ``formula`` and ``target``.
        y
            Targets, (B,), in the property's unit. Or of several properties, (B, K), NaN where one is not known; as
            a DataFrame, its columns name them. They are learnt together, by a loss in which each is standardised and
            weighted as `training.losses.property_weights` says.
        val
            Validation data, the same way (a DataFrame or a pair), which choose the weights that are kept. A recipe
            that cannot do without holds out 10 % of the training data, drawn by the seed, if none are given.
        init
            Fine-tune: start from this model, or saved model, instead of fresh weights. An ensemble starts member by
            member from an ensemble of its size, or every member from a single network.
        checkpoint
            File for the state after an epoch; a training that was interrupted goes on from it. An ensemble has one
            a member, see `ensemble.file_of_member`, and goes on in the member that it was in.
        stop_after
            Epochs after which the training ends, though the schedule spans the recipe's: to train on all data for as
            long as validation found best before (``history_.best_epoch``).
        init_property
            Where `init` predicts several properties and this model one: which of them it goes on from. None: another
            one, so that the last layer of weights is fresh and all others are `init`'s.
        watch
            Called before every epoch with a `training.Progress`; if it returns True, the checkpoint is written and the
            training stops.

        Raises
        ------
        lgdcnn_core.training.TrainingStopped
            If `watch` stopped the training.
        lgdcnn_core.composition.InvalidFormulas
            If formulas are wrong; lists all of them.
        BadTrainingData
            If there is nothing to train on, or targets are missing, infinite or of another number than the formulas; if
            the recipe starts from a network trained on its `source`, and there is no `init`; or if `init` is another
            network, or predicts other properties.
        UnknownElements
            If the element table lacks an element.
        lgdcnn_core.ensemble.InvalidEnsemble
            If `n_members` is not an integer from 1, or `init` has another number of networks.
        """
        seeds = ensemble.seeds(self.seed, self.n_members)
        self.recipe_ = recipe(self.recipe)
        train_data, val_data = training_and_validation(
            X, y, val, self.classification, seed=self.seed if self.recipe_.needs_validation else None
        )
        self.properties_ = property_names(formulas_and_targets(X, y)[1])
        if self.properties_ is not None and self.recipe_.targets != "as they are":
            raise BadTrainingData(f"several properties are learnt as they are, not as {self.recipe_.targets!r}")
        self.compute_ = choose(self.device, self.recipe_.precision)
        n_max = int(train_data.compositions.lengths.max())
        self.layout_ = Layout(self.setting, n_max, chain(self.model).boundary, self.recipe_.order)
        self.scaling_ = Scaling.of(train_data.targets, self.classification, self.recipe_.targets)
        networks = [network.to(self.compute_.device) for network in self._initial_networks(init, seeds, init_property)]
        for data in filter(None, (train_data, val_data)):
            require_known(data.compositions, networks[0].elements)
        self.n_train_, self.n_val_ = len(train_data), len(val_data) if val_data else 0
        plan = Plan(
            self.recipe_, self.layout_, self.scaling_, self.compute_, self.seed, self.classification, stop_after
        )
        self.histories_ = [
            train(
                network,
                train_data,
                val_data,
                replace(plan, seed=seed),
                checkpoint=ensemble.file_of_member(checkpoint, number, len(seeds)),
                progress=self.progress,
                title=ensemble.title_of_member(f"{self.recipe_.name} recipe", number, len(seeds)),
                watch=watch,
            )
            for number, (network, seed) in enumerate(zip(networks, seeds, strict=True))
        ]
        self.networks_ = networks
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
            Also give the standard deviation that the network states for each prediction (regression only). An
            ensemble's is that of the mixture of its members, sqrt(spread² + mean of own²), see `ensemble.mean_and_std`.

        Returns
        -------
        (B,), or a pair of (B,); of several properties (B, K), in the order of `properties_`.

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
        own = self.scaling_.uncertainty(raw[..., 0], raw[..., 1])
        mean, std = ensemble.mean_and_std(self.scaling_.predicted(raw[..., 0]), own)
        return (mean, std) if return_std else mean

    def predict_proba(self, X: Formulas) -> NDArray[np.float64]:
        """Probabilities of classes 0 and 1, (B, 2); an ensemble's are the means of its members'."""
        if not self.classification:
            raise AttributeError("predict_proba is for classification=True")
        positive = sigmoid(self._outputs(X)[..., 0]).mean(axis=0)
        return np.stack([1 - positive, positive], axis=1)

    def score(self, X: Formulas, y: Iterable[float] | None = None) -> float:
        """Coefficient of determination R2 (in classification, accuracy) of the predictions; higher is better.

        Of several properties it is their mean, and all targets must be known.
        """
        formulas, targets = formulas_and_targets(X, y)
        if targets is None:
            raise BadTrainingData("score needs targets: y, or a DataFrame with a column 'target'")
        metric = accuracy_score if self.classification else r2_score
        return float(metric(targets, self.predict(formulas)))

    def save(self, path: str | Path) -> Path:
        """Save the model, all its networks, as one safetensors file, which needs nothing else to predict."""
        check_is_fitted(self, "networks_")
        # The file has as many members as it has networks: said twice, it could be said wrong.
        parameters = {name: value for name, value in self.get_params().items() if name != "n_members"}
        description = {
            "parameters": parameters | {"recipe": self.recipe_.as_dict()},
            "layout": asdict(self.layout_),
            "scaling": asdict(self.scaling_),
            "properties": self.properties_,
            "lgdcnn_core": __version__,
        }
        return saved_model.write(Path(path), description, self.networks_)

    @classmethod
    def load(cls, path: str | Path, device: str | None = None) -> Self:
        """Load a model that `save` wrote; its predictions are bit-equal on the same machine.

        Raises
        ------
        lgdcnn_core.saved_model.NotASavedModel
            If the file is something else.
        """
        description, networks = saved_model.read(Path(path))
        parameters = description["parameters"]
        parameters["recipe"] = Recipe(**parameters["recipe"])
        self = cls(**parameters | {"device": device, "n_members": len(networks)})
        scaling, names = Scaling.from_dict(description["scaling"]), description.get("properties")
        return self._adopt(networks, scaling, Layout(**description["layout"]), names and tuple(names))

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
        return self._adopt([network], Scaling(mean, std), Layout("published", n_max))

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

    def _adopt(
        self, networks: list[Network], scaling: Scaling, layout: Layout, properties: tuple[str, ...] | None = None
    ) -> Self:
        """Take networks that were trained elsewhere."""
        self.recipe_ = recipe(self.recipe)
        self.compute_ = choose(self.device, self.recipe_.precision)
        self.networks_ = [network.to(self.compute_.device) for network in networks]
        self.scaling_, self.layout_, self.properties_ = scaling, layout, properties
        return self

    def _initial_networks(
        self, init: "str | Path | CompositionRegressor | None", seeds: list[int], init_property: str | None
    ) -> list[Network]:
        if init is None:
            return fresh(self.model, self.elements, self.properties_, seeds, self.recipe_)
        start = init if isinstance(init, CompositionRegressor) else CompositionRegressor.load(init, device=self.device)
        check_is_fitted(start, "networks_")
        if start.model != self.model:
            raise BadTrainingData(f"cannot fine-tune {self.model} from a {start.model}")
        return continued(start.networks_, start.properties_, self.properties_, seeds, init_property)

    def _outputs(self, X: Formulas) -> NDArray[np.float64]:
        """Raw outputs of each of k networks, (k, B, 2); of several properties (k, B, K, 2)."""
        compositions = self._compositions(X)
        in_float32 = Compute(self.compute_.device, bfloat16=False)
        found = np.stack([outputs(network, compositions, self.layout_, in_float32) for network in self.networks_])
        # Of no compounds, the networks do not say of how many properties.
        return found.reshape(*found.shape[:2], *np.shape(self.scaling_.mean), 2)

    def _compositions(self, X: Formulas) -> Compositions:
        """Compounds as the networks read them."""
        check_is_fitted(self, "networks_")
        compositions = parse(formulas_and_targets(X, None)[0])
        require_known(compositions, self.network_.elements)
        return self.layout_.ordered(compositions)
