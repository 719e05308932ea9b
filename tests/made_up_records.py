"""Records of runs that never were, for tests of what reads them."""

import hashlib

import numpy as np
import pandas as pd

from lgdcnn_core.companion.records import provenance
from lgdcnn_core.companion.runs.predictions import lean
from lgdcnn_core.companion.runs.record import PREDICTIONS, VALIDATION, RunRecord
from lgdcnn_core.companion.tuning import TrialRecord

PREDICTED = pd.DataFrame(
    {
        "formula": ["Fe2O3", "NaN", "SrTiO3"],
        "actual": [1.0, 2.0, 4.0],
        "predicted": [1.5, 2.0, 3.0],
        "uncertainty": [0.1, 0.2, 0.3],
    }
)


def parquet(predictions):
    """A file of predictions as format 1 has it."""
    return predictions.to_parquet(index=False, compression="zstd")


def made_up(spec, mae=0.5, predictions=PREDICTED, **changes):
    """A record and its files: the predictions, as format 1 keeps them."""
    return _made_up(spec, mae, {PREDICTIONS: parquet(predictions)}, {"n_test": len(predictions)} | changes)


def made_up_lean(spec, test, val, split, mae=0.5, **changes):
    """A record and its files: predictions for the test and validation parts of a split, as format 2 keeps them."""
    files = {PREDICTIONS: lean(test), VALIDATION: lean(val)}
    fields = {
        "n_test": len(test),
        "n_val": len(val),
        "inputs": provenance.input_hashes(split._asdict()),
        "load": {"start": 0.1, "end": 1.0},
    }
    return _made_up(spec, mae, files, fields | changes)


def _made_up(spec, mae, files, changes):
    fields = {
        "spec": spec,
        "recipe": spec.full_recipe().as_dict(),
        "metrics": {"mae": mae, "val_mae": 0.6, "r2": None},
        "learning_curve": {"epoch": [1, 2], "loss": [1.0, 0.1 + 0.2], "val_error": [None, None]},
        "best_epoch": 2,
        "stopped_early": False,
        "validation_chose": "the epoch whose averaged weights are used",
        "n_train": 70,
        "n_train_distinct": 69,
        "n_val": 15,
        "seconds": {"training": 12.5, "prediction": 0.5},
        "tokens_per_second": 1000.0,
        "peak_memory": {"host": 1.0},
        "compute": {"device": "cpu", "precision": "float32", "threads": 1},
        "versions": {"python": "3.11.7"},
        "platform": {"system": "Linux", "machine": "x86_64", "processor": "Ångström 1", "cores": 2},
        "code": {"commit": "0" * 40, "dirty": False},
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:00:13+00:00",
        "resumed": False,
        "inputs": dict.fromkeys(("train", "val", "test"), "0" * 64),
        "outputs": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return RunRecord(**fields | changes), files


def made_up_trial(trial, task, seed=0, val_mae=0.5, predictions=PREDICTED):
    """A record of a trial and its files; it diverged if there is no `val_mae`."""
    files = {} if val_mae is None else {PREDICTIONS: parquet(predictions[["formula", "actual", "predicted"]])}
    diverged = not files
    record = TrialRecord(
        trial=trial,
        dataset=task.dataset,
        fold=task.fold,
        seed=seed,
        recipe=trial.recipe().as_dict(),
        outcome="diverged" if diverged else "trained",
        message="the loss became nan" if diverged else None,
        val_mae=val_mae,
        best_epoch=None if diverged else 2,
        learning_curve={"epoch": [], "val_error": []} if diverged else {"epoch": [1, 2], "val_error": [1.0, 0.6]},
        seconds=12.5,
        tokens_per_second=None if diverged else 1000.0,
        compute={"device": "cpu", "precision": "float32", "threads": 1},
        versions={"python": "3.11.7"},
        platform={"system": "Linux", "machine": "x86_64", "processor": "Ångström 1", "cores": 2},
        code={"commit": "0" * 40, "dirty": False},
        finished="2026-01-01T00:00:13+00:00",
        inputs=dict.fromkeys(("train", "val"), "0" * 64),
        outputs={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    return record, files


def perfect_predictions(table, error=0.0, dtype=float):
    """Predictions of a part of a Matbench fold that are all off by the same error."""
    return pd.DataFrame(
        {
            "id": table.index,
            "formula": table["formula"].to_numpy(),
            "actual": table["target"].to_numpy(),
            "predicted": table["target"].to_numpy().astype(dtype) + error,
            "uncertainty": np.nan,
        }
    )
