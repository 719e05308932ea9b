"""Train and use a network the scikit-learn way, on formulas and targets."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lgdcnn_core import pretrained
from lgdcnn_core.composition.compositions import quoted
from lgdcnn_core.models import Network, chain
from lgdcnn_core.regressor import ensemble, origin
from lgdcnn_core.regressor.exporting import WithExport
from lgdcnn_core.regressor.files import WithFiles
from lgdcnn_core.regressor.nearness import TrainingCompounds
from lgdcnn_core.regressor.reports import WithReports
from lgdcnn_core.regressor.start import (
    continued,
    fresh,
    n_targets,
    require_alike,
    require_same_classes,
    require_same_features,
)
from lgdcnn_core.regressor.trained import unit_in
from lgdcnn_core.training import (
    BadTrainingData,
    Formulas,
    Layout,
    Plan,
    Recipe,
    SampleWeight,
    Scaling,
    Setting,
    Targets,
    Watch,
    choose,
    recipe,
    require_known,
    train,
    training_and_validation,
)
from lgdcnn_core.training.checkpoint import file_of as checkpoint_file
from lgdcnn_core.training.conditions import feature_names, scaling_of, standardised
from lgdcnn_core.training.notices import elements_of, warn_of_cut


class CompositionRegressor(WithReports, WithFiles, WithExport, RegressorMixin, BaseEstimator):
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
        Targets are class labels: text, whole numbers or booleans, of two classes or more. `predict` returns labels, and
        `predict_proba` probabilities.
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
    properties_, target_
        Names of several properties, None for a single one; and the name of a single one, if its column has one.
    classes_
        In classification, the labels of the classes, sorted; None in regression. Labels 0 and 1 are always both there.
    features_, condition_scaling_
        Names of the columns with conditions, empty without them; and their standardisation.
    recipe_, scaling_, layout_, compute_
        Recipe, standardisation, batch layout, and device and precision of the training.
    n_train_, n_val_
        Training compounds, duplicates merged, and validation compounds. With features, a compound counts once for each
        of its conditions.
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
        sample_weight: SampleWeight | None = None,
        features: str | Sequence[str] | None = None,
    ) -> Self:
        """Train on formulas and targets.

        Training rows with the same formula string, and the same conditions, are averaged into one, as in the paper.

        Parameters
        ----------
        X
            Formulas: strings, dicts such as ``{"Fe": 2, "O": 3}`` or pymatgen Compositions, see `composition.parse`;
            or a table, as a DataFrame or the path of a csv file, with a column ``formula``.
        y
            Targets, (B,) or (B, 1), in the property's unit, or class labels; or the name of their column in a table, by
            default ``target``. For several properties, (B, K), NaN where unknown, or a list of names; the columns of a
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
        sample_weight
            Weights of the training rows in the loss, (B,), finite, at least 0 and not all 0; only their ratios matter.
            Or the name of their column in the table; a table `val` with this column is weighted too. Rows with the same
            formula become one with their weighted mean and summed weight, so a weight of 3 equals three rows of
            weight 1, and 0 leaves a row out. Validation data held out of the training data keep their weights. Targets
            are standardised without weights. None: each compound weighs the same, however many rows it has.
        features
            Names of columns of the table that hold conditions, such as ``["T (K)", "p (GPa)"]``: finite numbers, which
            we standardise on the training data, and which join a compound's features before the head. `val` must have
            them, and later each table to predict or score. Validation data held out of the training data are whole
            compounds. `init` must have the same features; its standardisation of them is kept.

        Raises
        ------
        lgdcnn_core.training.TrainingStopped
            If `watch` stopped the training.
        lgdcnn_core.composition.InvalidFormulas
            If formulas are invalid; the message lists all of them.
        BadTrainingData
            If there is nothing to train on; if a table lacks a column, or an argument is of an impossible kind; if
            targets or sample weights are missing, infinite or not as many as the formulas; if the recipe starts from a
            network trained on its `source`, and there is no `init`; or if `init` has another network, element table,
            setting, order, classes or other properties.
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
        seeds, file = ensemble.seeds(self.seed, self.n_members), checkpoint_file(checkpoint)
        self.recipe_ = recipe(self.recipe)
        names, held_out_by = feature_names(features), self.seed if self.recipe_.needs_validation else None
        train_data, val_data = training_and_validation(
            X, y, val, self.classification, held_out_by, sample_weight, names
        )
        self.properties_, self.target_ = train_data.properties, train_data.name
        self.classes_, self.features_ = train_data.classes, names
        self.recipe_ = self.recipe_.sized(len(train_data))
        if self.properties_ is not None and self.recipe_.targets != "as they are":
            raise BadTrainingData(f"several properties are learnt as they are, not as {self.recipe_.targets!r}")
        self.compute_ = choose(self.device, self.recipe_.precision)
        n_max = int(train_data.compositions.lengths.max())
        self.layout_ = Layout(self.setting, n_max, chain(self.model).boundary, self.recipe_.order)
        self.scaling_ = Scaling.of(train_data.targets, self.classification, self.recipe_.targets)
        start = None if init is None else self._trained(init)
        initial = self._initial(start, seeds, init_property)
        self.condition_scaling_ = start.condition_scaling_ if start else scaling_of(train_data)
        train_data = standardised(train_data, self.condition_scaling_)
        val_data = val_data and standardised(val_data, self.condition_scaling_)
        networks: list[Network] = [network.to(self.compute_.device) for network in initial]
        for data in filter(None, (train_data, val_data)):
            require_known(data.compositions, networks[0].elements)
        if val_data is not None:
            warn_of_cut(val_data.compositions, self.layout_, val_data.labels)
        seen_before = getattr(start, "elements_seen_", ())
        self.elements_seen_ = tuple(sorted({*elements_of(train_data.compositions), *seen_before}))
        self.n_train_, self.n_val_ = len(train_data), len(val_data) if val_data else 0
        self.training_compounds_ = TrainingCompounds.of(train_data.compositions)
        self.units_, self.calibration_ = tuple(map(unit_in, self.target_names_)), None
        plan = Plan(
            self.recipe_, self.layout_, self.scaling_, self.compute_, self.seed, self.classification, stop_after
        )
        self.histories_ = [
            train(
                network,
                train_data,
                val_data,
                replace(plan, seed=seed),
                checkpoint=ensemble.file_of_member(file, number, len(seeds)),
                progress=self.progress,
                title=ensemble.title_of_member(f"{self.recipe_.name} recipe", number, len(seeds)),
                watch=watch,
            )
            for number, (network, seed) in enumerate(zip(networks, seeds, strict=True))
        ]
        self.provenance_ = origin.provenance(self.compute_)
        self.networks_: list[Network] = networks
        return self

    def _trained(self, init: "str | Path | CompositionRegressor") -> "CompositionRegressor":
        """Return the model from which a training starts."""
        if not isinstance(init, CompositionRegressor | str | Path):
            raise BadTrainingData(f"init is {quoted(init)}; give a CompositionRegressor or the path of a saved model")
        file = pretrained.path(init) if isinstance(init, str) and init in pretrained.names() else init
        start = file if isinstance(file, CompositionRegressor) else CompositionRegressor.load(file, device=self.device)
        check_is_fitted(start, "networks_")
        require_alike(self.model, self.elements, self.layout_, start.model, start.network_, start.layout_)
        return start

    def _initial(
        self, start: "CompositionRegressor | None", seeds: list[int], init_property: str | None
    ) -> list[Network]:
        """Return the networks before the training, one for each seed: fresh ones, or those of a trained model."""
        if start is None:
            sizes = n_targets(self.properties_, self.classes_), len(self.features_)
            return fresh(self.model, self.elements, sizes, seeds, self.recipe_, init_property)
        require_same_features(self.features_, start.features_)
        require_same_classes(self.classes_, start.classes_)
        return continued(start.networks_, start.properties_, self.properties_, seeds, init_property)
