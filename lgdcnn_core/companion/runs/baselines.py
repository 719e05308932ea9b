"""Baselines: scikit-learn's tree ensembles on features of the composition, with an interface like the regressor's."""

import time
from itertools import islice
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from lgdcnn_core.companion.runs import features
from lgdcnn_core.companion.runs.record import WithoutCurve
from lgdcnn_core.companion.runs.trees import Boosting, Forest
from lgdcnn_core.composition import parse
from lgdcnn_core.training import (
    Compute,
    Labelled,
    Progress,
    Scaling,
    TrainingStopped,
    Watch,
    choose,
    training_and_validation,
)

Values = NDArray[np.float64]


class OneThread(Compute):
    """The processor, with a single thread: trees grow in many processes, not in many threads."""

    def describe(self) -> dict[str, str | int]:
        """Return device, precision and thread count, for records."""
        return super().describe() | {"threads": 1}


class TreeModel:
    """Trees that predict a property, or classes 0 and 1, from features of the composition.

    Parameters
    ----------
    recipe
        Which trees, and how many.
    seed
        Same seed, same numbers.
    classification
        Targets are classes.
    progress
        Show a progress bar; boosting has none.

    Attributes
    ----------
    recipe_, history_, compute_, n_train_
        As in `lgdcnn_core.CompositionRegressor`.
    """

    def __init__(self, recipe: Forest | Boosting, seed: int, classification: bool, progress: bool = False) -> None:
        self.recipe_, self.seed, self.classification, self.progress = recipe, seed, classification, progress
        here = choose("cpu", "float32")
        self.compute_ = OneThread(here.device, here.bfloat16)

    def fit(
        self,
        table: pd.DataFrame,
        val: pd.DataFrame | None = None,
        stop_after: int | None = None,
        watch: Watch | None = None,
    ) -> Self:
        """Grow the trees.

        Training rows with the same formula string are averaged into one, as for networks.

        Parameters
        ----------
        table, val
            Columns ``formula`` and ``target``. Boosting needs either `val` or `stop_after`.
        stop_after
            Number of trees or rounds, in place of the recipe's.
        watch
            Called before every tree of a forest, as before an epoch of a network. Trees have no checkpoints.

        Raises
        ------
        lgdcnn_core.training.BadTrainingData, lgdcnn_core.composition.InvalidFormulas
            As in `CompositionRegressor.fit`.
        lgdcnn_core.training.TrainingStopped
            If `watch` stopped the growth; the trees so far are lost.
        """
        clock = time.perf_counter()
        data, val_data = training_and_validation(table, None, val, self.classification, seed=None)
        self.scaling_ = Scaling.of(data.targets, self.classification)
        self.n_train_ = len(data)
        with threadpool_limits(1):
            if isinstance(self.recipe_, Forest):
                kept = self._grow(self.recipe_, data, stop_after, watch)
                stopped_early = False
            else:
                kept, stopped_early = self._boost(self.recipe_, data, val_data, stop_after)
        seconds = time.perf_counter() - clock
        self.history_ = WithoutCurve([], kept, data.compositions.n_tokens, stopped_early, seconds)
        return self

    def predict(self, table: pd.DataFrame, return_std: bool = True) -> tuple[Values, Values]:
        """Predict the property of each compound, (B,), in its unit, and the standard deviation over trees, (B,).

        Boosting gives no standard deviation: it is NaN.
        """
        assert not self.classification
        assert return_std
        of_trees = self._of_trees(table)
        mean = self.scaling_.predicted(of_trees.mean(axis=0))
        if isinstance(self.recipe_, Boosting):
            return mean, np.full(len(mean), np.nan)
        return mean, of_trees.std(axis=0) * np.asarray(self.scaling_.std)

    def predict_proba(self, table: pd.DataFrame) -> Values:
        """Predict the probabilities of classes 0 and 1, (B, 2)."""
        positive = self._of_trees(table).mean(axis=0)
        return np.stack([1 - positive, positive], axis=1)

    def _grow(self, recipe: Forest, data: Labelled, stop_after: int | None, watch: Watch | None) -> int:
        """Grow a forest tree by tree, and return the number of its trees."""
        kind = {
            (False, False): RandomForestRegressor,
            (False, True): RandomForestClassifier,
            (True, False): ExtraTreesRegressor,
            (True, True): ExtraTreesClassifier,
        }[recipe.random_thresholds, self.classification]
        n_trees = stop_after or recipe.number_of_trees(len(data))
        self.trees_ = kind(
            max_features=recipe.max_features,
            min_samples_leaf=recipe.min_samples_leaf,
            warm_start=True,
            n_jobs=1,
            random_state=self.seed,
        )
        inputs, targets = features.of_compositions(data.compositions), self.scaling_.learnt(data.targets)
        for number in tqdm(range(1, n_trees + 1), desc=recipe.name, unit="tree", disable=not self.progress):
            if watch is not None and watch(Progress(number - 1, n_trees, saved=0, val_error=None)):
                raise TrainingStopped(f"stopped after {number - 1} of {n_trees} trees, which are lost")
            self.trees_.set_params(n_estimators=number).fit(inputs, targets)
        return n_trees

    def _boost(
        self, recipe: Boosting, data: Labelled, val_data: Labelled | None, stop_after: int | None
    ) -> tuple[int, bool]:
        """Boost; return the number of rounds kept, and whether boosting ended before the recipe's rounds."""
        options: dict[str, Any] = {
            "max_iter": stop_after or recipe.rounds,
            "learning_rate": recipe.learning_rate,
            "max_leaf_nodes": recipe.max_leaf_nodes,
            "min_samples_leaf": recipe.min_samples_leaf,
            "early_stopping": stop_after is None,
            "n_iter_no_change": recipe.patience,
            "tol": 0.0,
            "random_state": self.seed,
        }
        validation: dict[str, Any] = {}
        if stop_after is None:
            if val_data is None:
                raise ValueError("boosting has neither validation data nor a number of rounds: give one of them")
            validation["X_val"] = features.of_compositions(val_data.compositions)
            validation["y_val"] = self.scaling_.learnt(val_data.targets)
        self.trees_ = (
            HistGradientBoostingClassifier(**options)
            if self.classification
            else HistGradientBoostingRegressor(loss="absolute_error", **options)
        )
        inputs, targets = features.of_compositions(data.compositions), self.scaling_.learnt(data.targets)
        if not self.classification:
            noise = np.random.default_rng(self.seed).normal(size=len(targets))
            targets = targets + recipe.jitter * targets.std() * noise
        self.trees_.fit(inputs, targets, **validation)
        if stop_after is not None:
            return stop_after, False
        # The first score is for no trees at all.
        best = max(int(np.argmax(self.trees_.validation_score_)), 1)
        return best, self.trees_.n_iter_ < recipe.rounds

    def _of_trees(self, table: pd.DataFrame) -> Values:
        """Return each tree's scaled predictions, or probabilities of class 1: (k, B), or (1, B) for boosting."""
        inputs = features.of_compositions(parse(table["formula"]))
        with threadpool_limits(1):
            if isinstance(self.recipe_, Forest):
                return np.stack([self._one(tree, inputs) for tree in self.trees_.estimators_])
            staged = self.trees_.staged_predict_proba if self.classification else self.trees_.staged_predict
            kept = next(islice(staged(inputs), self.history_.best_epoch - 1, None))
            return (kept[:, 1] if self.classification else kept)[None]

    def _one(self, tree: Any, inputs: features.Features) -> Values:
        """Return the predictions of one tree, (B,)."""
        if self.classification:
            return tree.predict_proba(inputs, check_input=False)[:, 1]
        return tree.predict(inputs, check_input=False)
