"""Train and use a network the scikit-learn way, on formulas and targets."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lgdcnn_core import __version__, pretrained
from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.composition.compositions import quoted
from lgdcnn_core.models import Network, chain
from lgdcnn_core.models.published import load_published
from lgdcnn_core.regressor import ensemble, origin, saved_model
from lgdcnn_core.regressor.calibration import Calibration
from lgdcnn_core.regressor.nearness import TrainingCompounds
from lgdcnn_core.regressor.origin import WithOrigin
from lgdcnn_core.regressor.reports import WithReports, half_widths, names_of, unit_in
from lgdcnn_core.regressor.saved_model import NotASavedModel
from lgdcnn_core.regressor.scores import score
from lgdcnn_core.regressor.start import continued, fresh, require_alike
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
    Targets,
    Watch,
    choose,
    outputs,
    prediction_batches,
    recipe,
    require_known,
    sigmoid,
    train,
    training_and_validation,
)
from lgdcnn_core.training.given import given
from lgdcnn_core.training.losses import LOWEST_LOG_UNCERTAINTY
from lgdcnn_core.training.notices import elements_of, warn_of_cut, warn_of_unseen
from lgdcnn_core.training.tables import checked
from lgdcnn_core.training.targets import matched


class CompositionRegressor(WithReports, WithOrigin, RegressorMixin, BaseEstimator):
    """Predict a property of a material, or several at once, from its composition.

    Parameters
    ----------
    model
        Name or spec of the network, see `lgdcnn_core.models.build`.
    recipe
        ``"fast"`` (ours), ``"paper"`` (as published), another key of `lgdcnn_core.training.RECIPES`, or a `Recipe`.
    setting
        ``"exact"``: a compound's prediction depends on that compound alone. ``"published"``: the padded setting, in
        which padding takes part, as the paper ran it.
    elements
        Element table, see `lgdcnn_core.elements.names`.
    seed
        Seed of initial weights, order of batches, noise and dropout: same seed, same machine, same numbers.
    classification
        Targets are classes 0 and 1; `predict` returns classes and `predict_proba` probabilities.
    device
        ``"cuda"``, ``"mps"``, ``"cpu"``; None takes the best one available.
    progress
        Show a progress bar with loss and validation error.
    n_members
        Number of networks, trained on the same data with the seeds `seed`, `seed` + 1 and so on. With more than
        one, the prediction is their mean, which is usually more accurate than any single one; training takes that many
        times as long.

    Attributes
    ----------
    networks_, histories_
        The trained `lgdcnn_core.models.Network` of each member, and its `lgdcnn_core.training.History` with the
        learning curve.
    network_, history_
        Network and history of the first member. CECV reads one network at a time.
    properties_
        Names of several properties; None for a single one.
    recipe_, scaling_, layout_, compute_
        Recipe, standardisation, batch layout, and device and precision of the training.
    n_train_, n_val_
        Training compounds, duplicates merged, and validation compounds.
    elements_seen_
        Sorted symbols of the elements in the training compounds, and in those of `init`, if its file says so.
    target_names_, units_
        Names of the properties, or of the column of a single one, ``target`` where it has none; and their units, if
        the names end with them, as in ``Tc (K)``.
    calibration_
        `lgdcnn_core.regressor.calibration.Calibration` for intervals, see `calibrate`; None without one.
    training_compounds_
        `lgdcnn_core.regressor.nearness.TrainingCompounds`, from which `table` tells how far compounds are.
    provenance_
        Version, time (UTC) and device of the training. A file keeps it, histories, numbers of compounds and elements.

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

    def fit(
        self,
        X: Formulas,
        y: Targets | None = None,
        val: pd.DataFrame | tuple[Formulas, Targets] | str | Path | None = None,
        init: "str | Path | CompositionRegressor | None" = None,
        checkpoint: str | Path | None = None,
        stop_after: int | None = None,
        init_property: str | None = None,
        watch: Watch | None = None,
    ) -> Self:
        """Train on formulas and targets.

        Training rows with the same formula string are averaged into one, as in the paper.

        Parameters
        ----------
        X
            Formulas: strings, dicts such as ``{"Fe": 2, "O": 3}`` or pymatgen Compositions, see `composition.parse`;
            or a table, as a DataFrame or the path of a csv file, with a column ``formula``.
        y
            Targets, (B,) or (B, 1), in the property's unit; or the name of their column in a table, by default
            ``target``. For several properties, (B, K), NaN where unknown, or a list of names; the columns of a
            DataFrame name them. The network learns them together, by a loss in which each is standardised and weighted,
            see `training.losses.property_weights`.
        val
            Validation data, as a table like `X`, its columns named by `y`, or a pair like `X` and `y`. They decide
            which weights are kept. Named properties are matched by name. A recipe that needs validation data and gets
            none holds out 10 % of the training data, drawn by the seed.
        init
            Fine-tune: start from this model, saved model, or network of `lgdcnn_core.pretrained`, in place of fresh
            weights. It must have the same network, element table, setting and order of elements. An ensemble starts
            member by member from an ensemble of its size, or every member from a single network.
        checkpoint
            File for the state after an epoch, from which an interrupted training resumes. An ensemble has one file for
            each member, see `ensemble.file_of_member`, and resumes in the member where it was interrupted.
        stop_after
            Epoch after which training ends, although the schedule spans all epochs of the recipe. It serves to train on
            all data for as long as an earlier validation found best (``history_.best_epoch``).
        init_property
            Property from which to continue if `init` predicts several and this model one. None: this model predicts
            another property; its last layer has fresh weights, and all others are those of `init`.
        watch
            Called before every epoch with a `training.Progress`; if it returns True, the checkpoint is written and the
            training stops.

        Raises
        ------
        lgdcnn_core.training.TrainingStopped
            If `watch` stopped the training.
        lgdcnn_core.composition.InvalidFormulas
            If formulas are invalid; the message lists all of them.
        BadTrainingData
            If there is nothing to train on; if a table lacks a column, or an argument is of an impossible kind; if
            targets are missing, infinite or not as many as the formulas; if the recipe starts from a network trained on
            its `source`, and there is no `init`; or if `init` has another network, element table, setting, order or
            other properties.
        UnknownElements
            If the element table lacks an element.
        lgdcnn_core.regressor.InvalidEnsemble
            If `n_members` is not an integer from 1, or `init` has another number of networks.
        lgdcnn_core.training.TrainingDiverged
            If the training diverges in its first epoch. In a later epoch, it ends with a warning and keeps the best
            weights so far.

        Warns
        -----
        lgdcnn_core.training.DataWarning
            Of columns that are not used, of training rows with the same formula and how far their targets differ, and
            of validation compounds that the padded setting cuts off.
        """
        seeds = ensemble.seeds(self.seed, self.n_members)
        self.recipe_ = recipe(self.recipe)
        train_data, val_data = training_and_validation(
            X, y, val, self.classification, seed=self.seed if self.recipe_.needs_validation else None
        )
        self.properties_ = train_data.properties
        if self.properties_ is not None and self.recipe_.targets != "as they are":
            raise BadTrainingData(f"several properties are learnt as they are, not as {self.recipe_.targets!r}")
        self.compute_ = choose(self.device, self.recipe_.precision)
        n_max = int(train_data.compositions.lengths.max())
        self.layout_ = Layout(self.setting, n_max, chain(self.model).boundary, self.recipe_.order)
        self.scaling_ = Scaling.of(train_data.targets, self.classification, self.recipe_.targets)
        start = None if init is None else self._trained(init)
        if start is None:
            initial = fresh(self.model, self.elements, self.properties_, seeds, self.recipe_, init_property)
        else:
            initial = continued(start.networks_, start.properties_, self.properties_, seeds, init_property)
        networks: list[Network] = [network.to(self.compute_.device) for network in initial]
        for data in filter(None, (train_data, val_data)):
            require_known(data.compositions, networks[0].elements)
        if val_data is not None:
            warn_of_cut(val_data.compositions, self.layout_, val_data.labels)
        seen_before = getattr(start, "elements_seen_", ())
        self.elements_seen_ = tuple(sorted({*elements_of(train_data.compositions), *seen_before}))
        self.n_train_, self.n_val_ = len(train_data), len(val_data) if val_data else 0
        self.training_compounds_ = TrainingCompounds.of(train_data.compositions)
        self.target_names_ = names_of(self.properties_, train_data.name)
        self.units_ = tuple(map(unit_in, self.target_names_))
        self.calibration_ = None
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
        self.provenance_ = origin.provenance(self.compute_)
        self.networks_: list[Network] = networks
        return self

    def predict(
        self, X: Formulas, return_std: bool = False, interval: float | None = None
    ) -> NDArray[np.float64] | tuple[NDArray[np.float64], ...]:
        """Return the predicted property of each compound, in its unit; in classification, its class.

        Predictions are computed in float32, whatever the precision of the training.

        Parameters
        ----------
        X
            Formulas as in `fit`: a list, a Series, or a table with a column ``formula``.
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
        lgdcnn_core.regressor.NotCalibrated
            If intervals are asked for, but the model was not calibrated.

        Warns
        -----
        lgdcnn_core.training.DataWarning
            Of compounds with an element that training never saw, and of those that the padded setting cuts off.
        """
        if self.classification:
            if return_std or interval is not None:
                raise ValueError("a classification has no standard deviation and no intervals; see predict_proba")
            return (self.predict_proba(X)[:, 1] >= 0.5).astype(float)
        mean, std = self.predicted(self._compositions(X))
        if interval is None:
            return (mean, std) if return_std else mean
        if return_std:
            raise ValueError("predict gives intervals or standard deviations; call it twice for both")
        half = half_widths(self.calibration_, std, interval)
        return mean, mean - half, mean + half

    def predicted(
        self, compositions: Compositions, bfloat16: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation, (B,) or (B, K) each, of compounds that `prepared` returned.

        With `bfloat16`, matrix products are computed in bfloat16.
        """
        raw = self._outputs(compositions, bfloat16)
        log_uncertainty = np.maximum(raw[..., 1], LOWEST_LOG_UNCERTAINTY[self.layout_.setting])
        own = self.scaling_.uncertainty(raw[..., 0], log_uncertainty)
        return ensemble.mean_and_std(self.scaling_.predicted(raw[..., 0]), own)

    def predict_proba(self, X: Formulas) -> NDArray[np.float64]:
        """Return the probabilities of classes 0 and 1, (B, 2); those of an ensemble are means over its members."""
        if not self.classification:
            raise AttributeError("predict_proba is for classification=True")
        positive = sigmoid(self._outputs(self._compositions(X))[..., 0]).mean(axis=0)
        return np.stack([1 - positive, positive], axis=1)

    def score(self, X: Formulas, y: Targets | None = None) -> float:
        """Return the coefficient of determination R2 of the predictions, or in classification their accuracy.

        Only known targets count. For several properties, the score is the mean R2 of those with at least two known
        targets. `X` and `y` are as in `fit`; columns of a DataFrame are matched by name.

        Raises
        ------
        BadTrainingData
            If there are no targets, if they are not numbers, or if they belong to other properties.
        """
        check_is_fitted(self, "networks_")
        taken = given(X, y, "scored")
        if taken.targets is not None:
            taken = taken._replace(targets=matched(taken.targets, self.properties_, "scored"))
        data = checked(taken, "scored", self.classification, gaps=True)
        predicted = self.predict(pd.Series(data.compositions.formulas, index=data.labels))
        return score(data.targets, np.asarray(predicted), self.classification)

    def save(self, path: str | Path, half: bool = False, training: bool = True) -> Path:
        """Save the model, with all its networks, as one safetensors file that needs nothing else to predict.

        Parameters
        ----------
        path
            The file.
        half
            Store the weights in bfloat16, which halves the file. Predictions of the loaded model, still computed in
            float32, then differ from those of this model in about the third digit.
        training
            Keep the histories, the date and the compositions of the training too (formulas and targets are never kept).
            Without them, equal trainings give equal files.
        """
        check_is_fitted(self, "networks_")
        parameters = {name: value for name, value in self.get_params().items() if name != "n_members"}
        description = {
            "parameters": parameters | {"recipe": self.recipe_.as_dict()},
            "layout": asdict(self.layout_),
            "scaling": asdict(self.scaling_),
            "properties": self.properties_,
            "targets": self.target_names_,
            "units": self.units_,
            "calibration": self.calibration_ and self.calibration_.as_dict(),
            "lgdcnn_core": __version__,
            **origin.described(self, repeatable=not training),
        }
        compounds = vars(self).get("training_compounds_") if training else None
        return saved_model.write(Path(path), description, self.networks_, half, compounds)

    @classmethod
    def load(cls, path: str | Path, device: str | None = None) -> Self:
        """Load a model that `save` wrote; on the same machine its predictions are bit-equal, except after `half`.

        Raises
        ------
        lgdcnn_core.regressor.NotASavedModel
            If the file is not a saved model, or was damaged or changed.
        """
        description, networks, compounds = saved_model.read(Path(path))
        try:
            parameters = dict(description["parameters"])
            parameters["recipe"] = Recipe(**parameters["recipe"])
            self = cls(**parameters | {"device": device, "n_members": len(networks)})
            scaling, layout = Scaling.from_dict(description["scaling"]), Layout(**description["layout"])
            self.__dict__.update(origin.restored(description))
            names = tuple(description.get("targets") or description.get("properties") or ("target",))
            self.target_names_, self.units_ = names, tuple(description.get("units") or map(unit_in, names))
            self.calibration_ = (found := description.get("calibration")) and Calibration.from_dict(found)
            if compounds is not None:
                self.training_compounds_ = compounds
        except (KeyError, TypeError, ValueError) as error:
            raise NotASavedModel(
                f"{path} was saved by lgdcnn_core {description.get('lgdcnn_core', '?')}; this version, {__version__}, "
                f"cannot use it: {error}"
            ) from error
        properties = description.get("properties")
        return self._adopt(networks, scaling, layout, properties and tuple(properties))

    @classmethod
    def pretrained(cls, name: str = "joint", device: str | None = None) -> Self:
        """Load a trained network by name, see `lgdcnn_core.pretrained`.

        ``"joint"`` comes with the package: 18 properties, with their units and calibrated intervals. ``make weights``
        makes ``"joint-ensemble"``, three such networks.

        Raises
        ------
        lgdcnn_core.pretrained.UnknownModel, lgdcnn_core.pretrained.MissingModel, lgdcnn_core.pretrained.DamagedModel
            If there is no such network, it has not been made here, or its file was changed.
        """
        return cls.load(pretrained.path(name), device)

    @classmethod
    def from_published(cls, path: str | Path, n_max: int, model: str | None = None, device: str | None = None) -> Self:
        """Load a checkpoint of the paper's published implementation, or CrabNet's, in the padded setting.

        Parameters
        ----------
        path
            The checkpoint.
        n_max
            Largest number of elements in a compound of its training data; every compound is padded to it.
        model
            Name of the network; None takes the file's own. Files of L-G-DCNN and L-G-DCNN-v1 look the same.
        """
        name, network, mean, std = load_published(path, model)
        self = cls(name, recipe=PAPER, setting="published", device=device)
        self._without = origin.PUBLISHED
        return self._adopt([network], Scaling(mean, std), Layout("published", n_max))

    def batches(self, X: Formulas) -> Iterator[tuple[tuple[Any, Any], NDArray[Any], NDArray[Any], NDArray[Any]]]:
        """Yield the network's inputs for these compounds, batch by batch, as `cecv.layer_efms` takes them.

        Yields
        ------
        inputs, lengths, atomic_numbers, rows
            Inputs of the network; number of elements of each compound, (B,); their atomic numbers, (B, N), in the order
            that the network reads, 0 after the last; rows of the compounds in `X`, (B,).
        """
        compositions = self._compositions(X)
        for batch, rows in prediction_batches(compositions, self.layout_, self.compute_, PREDICTION_BATCH):
            chosen = compositions[rows]
            yield (batch.src, batch.frac), chosen.lengths, chosen.padded()[0], rows

    def _adopt(
        self, networks: list[Network], scaling: Scaling, layout: Layout, properties: tuple[str, ...] | None = None
    ) -> Self:
        """Use trained networks."""
        self.recipe_ = recipe(self.recipe)
        self.compute_ = choose(self.device, self.recipe_.precision)
        self.networks_ = [network.to(self.compute_.device) for network in networks]
        self.scaling_, self.layout_, self.properties_ = scaling, layout, properties
        return self

    def _trained(self, init: "str | Path | CompositionRegressor") -> "CompositionRegressor":
        """Return the model from which a training starts."""
        if not isinstance(init, CompositionRegressor | str | Path):
            raise BadTrainingData(f"init is {quoted(init)}; give a CompositionRegressor or the path of a saved model")
        file = pretrained.path(init) if init in pretrained.names() else init
        start = file if isinstance(file, CompositionRegressor) else CompositionRegressor.load(file, device=self.device)
        check_is_fitted(start, "networks_")
        require_alike(self.model, self.elements, self.layout_, start.model, start.network_, start.layout_)
        return start

    def _outputs(self, compositions: Compositions, bfloat16: bool = False) -> NDArray[np.float64]:
        """Return the raw outputs of each of k networks, (k, B, 2); for several properties, (k, B, K, 2)."""
        compute = Compute(self.compute_.device, bfloat16)
        found = np.stack([outputs(network, compositions, self.layout_, compute) for network in self.networks_])
        # Without compounds, the outputs do not show how many properties there are.
        return found.reshape(*found.shape[:2], *np.shape(self.scaling_.mean), 2)

    def _compositions(self, X: Formulas) -> Compositions:
        """Parse compounds, with elements in the order that the networks read."""
        check_is_fitted(self, "networks_")
        taken = given(X)
        compositions = parse(taken.formulas)
        if "elements_seen_" in vars(self):
            warn_of_unseen(compositions, self.elements_seen_, taken.labels)
        warn_of_cut(compositions, self.layout_, taken.labels)
        return self.prepared(compositions)

    def prepared(self, compositions: Compositions) -> Compositions:
        """Return parsed compounds with elements in the order that the networks read, for `predicted`.

        Raises
        ------
        UnknownElements
            If the element table lacks an element.
        """
        require_known(compositions, self.network_.elements)
        return self.layout_.ordered(compositions)
