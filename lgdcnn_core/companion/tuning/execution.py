"""Make trials: train, predict the validation data, and write the record."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.companion.records import provenance, sealed
from lgdcnn_core.companion.runs import (
    OutdatedRecord,
    committed_store,
    local_store,
    metrics,
    trained,
)
from lgdcnn_core.companion.runs.execution import predict, property_of_source
from lgdcnn_core.companion.runs.predictions import lean, restored
from lgdcnn_core.companion.runs.record import PREDICTIONS, learning_curve
from lgdcnn_core.companion.runs.spec import JointSpec, RunSpec, source
from lgdcnn_core.companion.tuning.record import Outcome, TrialRecord, TrialStore
from lgdcnn_core.companion.tuning.spec import Task, Trial, key
from lgdcnn_core.models import chain
from lgdcnn_core.training import TrainingDiverged, merging_expected


def make(trial: Trial, task: Task, seed: int, store: TrialStore, device: str | None = None) -> TrialRecord:
    """Train a trial on one data set with one seed, and write its record. Test data are not read.

    Parameters
    ----------
    trial, task
        The trial and its data.
    seed
        Seed of initial weights and training.
    store
        Store of the record.
    device
        As in `training.choose`.
    """
    begun, recipe = provenance.begin(), trial.recipe()
    source_spec = source(recipe, trial.model, trial.setting, seed, task.dataset)
    start = _source(source_spec, store, device)
    split = benchmarks.load(task.dataset, fold=task.fold)
    train, val = split.train, split.val
    model = CompositionRegressor(
        trial.model, recipe, trial.setting, trial.elements, seed=seed, device=device, progress=False
    )
    outcome: Outcome = "trained"
    message = val_mae = best_epoch = tokens_per_second = None
    files: dict[str, bytes] = {}
    curve: dict[str, list[float | None]] = learning_curve([])
    clock = time.perf_counter()
    try:
        with merging_expected():  # by the paper's rule
            model.fit(train, val=val, init=start, init_property=property_of_source(source_spec, task.dataset))
        model.history_.require_whole()
        content = lean(predict(model, val))
        # From the predictions as they are stored, so that anyone can compute the MAE again.
        predicted = restored(content, val)
        val_mae = metrics.finite(np.abs(predicted["predicted"] - predicted["actual"]).mean())
        if val_mae is None:
            raise TrainingDiverged("the loss is finite, but the MAE of the validation data is not")
        history = model.history_
        best_epoch, curve, seconds = history.best_epoch, learning_curve(history.epochs), history.seconds
        tokens_per_second = history.tokens / seconds
        files = {PREDICTIONS: content}
    except TrainingDiverged as diverged:
        outcome, message, seconds = "diverged", str(diverged), time.perf_counter() - clock
    record = TrialRecord(
        trial=trial,
        dataset=task.dataset,
        fold=task.fold,
        seed=seed,
        recipe=recipe.as_dict(),
        outcome=outcome,
        message=message,
        val_mae=val_mae,
        best_epoch=best_epoch,
        learning_curve=curve,
        seconds=seconds,
        tokens_per_second=tokens_per_second,
        compute=model.compute_.describe(),
        **provenance.made_now(TrialRecord, begun),
        inputs=provenance.input_hashes({"train": train, "val": val}, start),
        outputs=sealed.hashes(files),
    )
    return store.keep(record, files)


def _source(spec: RunSpec | JointSpec | None, store: TrialStore, device: str | None) -> Path | None:
    """Return the weights that a trial starts from; train them first if they are missing."""
    if spec is None:
        return None
    runs = committed_store() if store.name == "committed" else local_store()
    return trained(spec, runs, device, progress=False)


def make_missing(
    trials: Sequence[Trial],
    tasks: Sequence[Task],
    seeds: Iterable[int],
    store: TrialStore,
    made: Callable[[TrialRecord], None] = lambda _: None,
    until: float = float("inf"),
    device: str | None = None,
) -> tuple[int, int]:
    """Make the trials that the store lacks, seed by seed and set by set, so that early results can be compared.

    Parameters
    ----------
    trials, tasks, seeds
        All their combinations are made.
    store, device
        As in `make`.
    made
        Called with each record as it is made.
    until
        No training begins after this time (`time.monotonic`).

    Returns
    -------
    (int, int)
        How many were made, and how many are still missing.

    Raises
    ------
    OutdatedRecord, BrokenRecord
        Before anything is trained, if a trial has changed since its record was made, or a record is not as it was
        written.
    """
    wanted = [(trial, task, seed) for seed in seeds for task in tasks for trial in trials]
    missing = [each for each in wanted if recorded(*each, store) is None]
    for number, (trial, task, seed) in enumerate(missing):
        if time.monotonic() > until:
            return number, len(missing) - number
        made(make(trial, task, seed, store, device))
    return len(missing), 0


def recorded(trial: Trial, task: Task, seed: int, store: TrialStore) -> TrialRecord | None:
    """Return the record of a trial, or None if the store has none.

    Raises
    ------
    OutdatedRecord
        If the trial has changed since its record was made.
    lgdcnn_core.companion.runs.BrokenRecord
        If the record is not as it was written.
    """
    name = key(trial.name, task, seed)
    if name not in store:
        return None
    record = store.read(name)
    differing = trial.recipe().differing(record.recipe, chain(trial.model).has_transformers)
    differing += [
        what for what in ("model", "setting", "elements") if getattr(record.trial, what) != getattr(trial, what)
    ]
    if differing:
        raise OutdatedRecord(
            f"trial {name} of the {store.name} store was made with another {', '.join(differing)} than the trial has "
            f"today: give the new one a name of its own, or remove the record's directory"
        )
    return record
