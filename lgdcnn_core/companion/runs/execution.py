"""Make a run: train, predict, measure, and write its record."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.benchmarks import Split
from lgdcnn_core.companion.records import provenance, sealed
from lgdcnn_core.companion.runs import metrics, predictions
from lgdcnn_core.companion.runs.baselines import TreeModel
from lgdcnn_core.companion.runs.joint import JointStore, joint_record, train_jointly
from lgdcnn_core.companion.runs.one_of_many import OneOfMany
from lgdcnn_core.companion.runs.parts import load_split
from lgdcnn_core.companion.runs.record import PREDICTIONS, VALIDATION, RunRecord, learning_curve
from lgdcnn_core.companion.runs.spec import JointSpec, RunSpec
from lgdcnn_core.companion.runs.store import Store, committed_store, local_store
from lgdcnn_core.companion.runs.weights import file_of_weights, require_current, shipped
from lgdcnn_core.training import TOGETHER, Recipe, Watch, merging_expected

Model = CompositionRegressor | TreeModel | OneOfMany
"""A trained model that a run writes a record for."""


class OutdatedRecord(RuntimeError):
    """The run has a record, but the same specification now means another training."""


def execute(
    spec: RunSpec,
    store: Store | None = None,
    device: str | None = None,
    progress: bool = True,
    weights: bool = False,
    checkpoints: Path | None = None,
    watch: Watch | None = None,
) -> RunRecord:
    """Make a run unless its record exists, and return the record.

    A call that is killed leaves the store as it was, and the next call resumes from the last checkpoint. The function
    first makes anything missing that the run needs. A refit needs the record of the run that keeps validation data
    apart, in this store or the committed one; a recipe with a `source` needs the weights of the network trained on it.

    Parameters
    ----------
    spec
        The run.
    store
        Where the record goes; the default is the local store.
    device
        As in `training.choose`.
    progress
        Show a progress bar.
    weights
        Keep the trained model too, as ``data/weights/<key>.safetensors`` of the checkout, or without a checkout in the
        user's cache directory. If there is a record but no such file, the network is trained again, and the record
        stays as it is.
    checkpoints
        Directory of the checkpoint, which is removed when the record is written; the default is ``checkpoints`` beside
        the local store.
    watch
        As in `CompositionRegressor.fit`; it also watches the trainings that are made first.

    Raises
    ------
    BrokenRecord
        If there is a record that has changed since it was written.
    OutdatedRecord
        If there is a record whose recipe has other values than today's recipe of that name.
    lgdcnn_core.training.TrainingStopped
        If `watch` stopped the training; the next call resumes from its checkpoint.
    """
    store = store or local_store()
    weights_file = file_of_weights(spec) if weights else None
    if (found := recorded(spec, store)) is not None and (weights_file is None or weights_file.exists()):
        return found
    options: dict[str, Any] = {"device": device, "progress": progress, "checkpoints": checkpoints, "watch": watch}
    kept_apart = _found_or_made(spec.kept_apart, store, options) if spec.kept_apart else None
    source = _start(spec, store, options)
    checkpoint = _checkpoint(spec, checkpoints)
    begun, resumed = provenance.begin(), checkpoint.exists()
    split = load_split(spec)
    recipe = spec.full_recipe()
    val, stop_after = (None, kept_apart.best_epoch) if kept_apart else (split.val, None)
    estimator: Model
    if not isinstance(recipe, Recipe):
        estimator = TreeModel(recipe, spec.seed, spec.classification, progress)
        with merging_expected():
            estimator.fit(split.train, val, stop_after=stop_after, watch=watch)
    elif spec.recipe == TOGETHER.name:
        assert source is not None
        assert isinstance(spec.source, JointSpec)
        estimator = OneOfMany(source, joint_record(spec.source), spec.dataset, device)
    else:
        estimator = CompositionRegressor(
            model=spec.model,
            recipe=recipe,
            setting=spec.setting,
            seed=spec.seed,
            classification=spec.classification,
            device=device,
            progress=progress,
        )
        with merging_expected():  # by the paper's rule; the record has n_train and n_train_distinct
            estimator.fit(
                split.train,
                val=val,
                init=source,
                init_property=property_of_source(spec.source, spec.dataset),
                checkpoint=checkpoint,
                stop_after=stop_after,
                watch=watch,
            )
        estimator.history_.require_whole()
        if weights_file is not None:
            weights_file.parent.mkdir(parents=True, exist_ok=True)
            estimator.save(weights_file, training=False)  # in the record; retrained weights are the same file
    record = found or _written(spec, split, source, estimator, store, begun, resumed)
    checkpoint.unlink(missing_ok=True)
    return record


def trained(
    spec: RunSpec | JointSpec,
    store: Store | None = None,
    device: str | None = None,
    progress: bool = True,
    checkpoints: Path | None = None,
    watch: Watch | None = None,
) -> Path:
    """Return the file of a run's trained model, for `CompositionRegressor.load` or as `init` of its `fit`.

    If there is none, the function makes the run as `execute` does, and keeps its model.

    Raises
    ------
    OutdatedWeights
        If the model's recipe has other values than today's recipe of that name.
    BrokenRecord, OutdatedRecord
        As in `execute`.
    """
    file = file_of_weights(spec)
    if not file.exists():
        if isinstance(spec, RunSpec):
            execute(spec, store, device, progress, weights=True, checkpoints=checkpoints, watch=watch)
        else:
            kept = JointStore.committed() if store is not None and store.name == "committed" else None
            place = _checkpoint(spec, checkpoints)
            train_jointly(spec, file, kept or JointStore.local(), device, progress, place, watch)
    require_current(spec)
    return file


def _start(spec: RunSpec, store: Store, options: dict[str, Any]) -> Path | None:
    """Return the weights that a run starts from or measures; a start may be the network that the package ships."""
    if spec.source is None:
        return None
    if spec.recipe != TOGETHER.name and not file_of_weights(spec.source).exists():
        return shipped(spec.source) or trained(spec.source, store, **options)
    return trained(spec.source, store, **options)


def property_of_source(source: RunSpec | JointSpec | None, dataset: str) -> str | None:
    """Return the property of the network that a run on a set starts from, as `CompositionRegressor.fit` takes it."""
    return dataset if isinstance(source, JointSpec) else None


def _checkpoint(spec: RunSpec | JointSpec, directory: Path | None) -> Path:
    return (directory or local_store().path.parent / "checkpoints") / f"{spec.key}.pt"


def _written(
    spec: RunSpec,
    split: Split,
    source: Path | None,
    estimator: Model,
    store: Store,
    begun: dict[str, Any],
    resumed: bool,
) -> RunRecord:
    """Measure a trained model, and write the record."""
    clock = time.perf_counter()
    files = {PREDICTIONS: predictions.lean(predict(estimator, split.test))}
    prediction_seconds = time.perf_counter() - clock
    # We measure the predictions as the files keep them, so that anyone can compute the metrics again.
    test, val = predictions.restored(files[PREDICTIONS], split.test), None
    if not spec.refit:
        content = predictions.lean(predict(estimator, split.val))
        val = predictions.restored(content, split.val)
        # On parts of a training set nothing is calibrated or stacked, and records of a study must stay small.
        files |= {VALIDATION: content} if spec.train_fraction == 1 else {}
    history = estimator.history_
    record = RunRecord(
        spec=spec,
        recipe=estimator.recipe_.as_dict(),
        metrics=measure(test, val, spec.classification),
        learning_curve=learning_curve(history.epochs),
        best_epoch=history.best_epoch,
        stopped_early=history.stopped_early,
        validation_chose=what_validation_chose(spec),
        n_train=len(split.train),
        n_train_distinct=estimator.n_train_,
        n_val=len(split.val),
        n_test=len(split.test),
        seconds={"training": history.seconds, "prediction": prediction_seconds},
        tokens_per_second=history.tokens / history.seconds,
        peak_memory=estimator.compute_.peak_memory(),
        compute=estimator.compute_.describe(),
        **provenance.made_now(RunRecord, begun),
        resumed=resumed,
        inputs=provenance.input_hashes(split._asdict(), source),
        outputs=sealed.hashes(files),
    )
    return store.keep(record, files)


def _found_or_made(spec: RunSpec, store: Store, options: dict[str, Any]) -> RunRecord:
    """Return the record of a run from this store or the committed one; make it if neither has it."""
    found = (recorded(spec, each) for each in (store, committed_store()) if each is not None)
    return next(filter(None, found), None) or execute(spec, store, **options)


def recorded(spec: RunSpec, store: Store) -> RunRecord | None:
    """Return the record of a run, if the store has one.

    Raises
    ------
    BrokenRecord, OutdatedRecord
        As in `execute`.
    """
    if spec.key not in store:
        return None
    record = store.read(spec.key)
    if differing := record.changed_since():
        raise OutdatedRecord(
            f"record {spec.key} of the {store.name} store was made with other values of {', '.join(differing)} than "
            f"today's recipe {spec.recipe!r}: remove its directory to run again"
        )
    return record


def predict(estimator: Model, table: pd.DataFrame) -> pd.DataFrame:
    """Predict a part of a data set; the table is as in `Store.predictions`."""
    if estimator.classification:
        return predictions.table(table, estimator.predict_proba(table)[:, 1], np.full(len(table), np.nan))
    return predictions.table(table, *estimator.predict(table, return_std=True))


def measure(test: pd.DataFrame, val: pd.DataFrame | None, classification: bool) -> dict[str, float | None]:
    """Compute the metrics of a record from its predictions for test data and, unless it is a refit, validation data."""
    actual, predicted = test["actual"].to_numpy(), test["predicted"].to_numpy()
    result = metrics.classification(actual, predicted) if classification else metrics.regression(actual, predicted)
    if val is None:
        return result | {"val_log_loss" if classification else "val_mae": None}
    val_actual, val_predicted = val["actual"].to_numpy(), val["predicted"].to_numpy()
    if classification:
        return result | {"val_log_loss": metrics.classification(val_actual, val_predicted)["log_loss"]}
    return result | {"val_mae": metrics.finite(np.abs(val_predicted - val_actual).mean())}


def what_validation_chose(spec: RunSpec) -> str:
    """State in words which decisions of a run depend on validation data."""
    if spec.refit:
        return "the number of epochs, in the run that kept them apart; in this one they were trained on"
    recipe = spec.full_recipe()
    if not isinstance(recipe, Recipe):
        return recipe.validation_chose
    if spec.recipe == TOGETHER.name:
        return "the epoch whose averaged weights are used, by the mean error over the validation parts of all sets"
    if recipe.averaging == "published":
        return "which batches' weights enter the average that is used, and when training stops early"
    return "the epoch whose averaged weights are used"
