"""Write the file for Matbench's leaderboard from run records.

``python -m lgdcnn_core.companion.reproduce.leaderboard --model L-G-DCNN --recipe fast``. The format is that of
``MatbenchBenchmark.to_file`` in matbench 0.6 (MIT, Dunn et al., npj Comput. Mater. 2020, 6, 138), a package whose own
dependencies no longer install.
"""

import argparse
import gzip
import hashlib
import json
import math
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, max_error, mean_absolute_error

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.runs import BrokenRecord, RunSpec, Store, committed_store, local_store

BENCHMARK = "matbench_v0.1"
FORMAT = "0.6"
FILE = "results.json.gz"

SMALLEST_FOR_MAPE = 1e-5
"""Matbench leaves targets closer to zero out of the mean absolute percentage error."""


class IncompleteTasks(RuntimeError):
    """There is no task with records of all five folds."""


def submission(store: Store, like: RunSpec) -> tuple[dict[str, Any], list[str]]:
    """Collect the results of every Matbench task whose five folds are recorded.

    Parameters
    ----------
    store
        Store of the records; two stores are never mixed.
    like
        Any run of the wanted model, recipe, setting, seed, epochs, train fraction and refit.

    Returns
    -------
    content : dict
        Content of the file.
    incomplete : list of str
        Missing folds of each task with records of only some folds; such a task is left out.

    Raises
    ------
    IncompleteTasks
        If no task is complete.
    """
    tasks, incomplete = {}, []
    for name in benchmarks.names("matbench"):
        specs = [replace(like, dataset=name, fold=fold) for fold in range(N_FOLDS)]
        missing = [spec.fold for spec in specs if spec.key not in store]
        if not missing:
            tasks[name] = _task(store, specs)
        elif len(missing) < N_FOLDS:
            incomplete.append(f"{name} lacks {'folds' if len(missing) > 1 else 'fold'} {', '.join(map(str, missing))}")
    if not tasks:
        found = "; ".join(incomplete) or "no fold of any task is recorded"
        raise IncompleteTasks(f"the {store.name} store has no complete task of such runs ({found})")
    metadata = {"algorithm": like.model} | {k: v for k, v in like.as_dict().items() if k not in ("dataset", "fold")}
    content = {
        "@module": "matbench.bench",
        "@class": "MatbenchBenchmark",
        "version": FORMAT,
        "tasks": tasks,
        "user_metadata": metadata | {"epochs": like.full_recipe().epochs},
        "benchmark_name": BENCHMARK,
        "datestamp": datetime.now(UTC).strftime("%Y.%m.%d %H:%M.%S"),
    }
    return content | {"hash": content_hash(content)}, incomplete


def content_hash(content: dict[str, Any]) -> str:
    """Return the sha256 of the JSON with all keys sorted, by which Matbench sees whether a file was changed."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write(content: dict[str, Any], path: Path) -> None:
    """Write the compressed file; the same content gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))


def _task(store: Store, specs: list[RunSpec]) -> dict[str, Any]:
    return {
        "@module": "matbench.task",
        "@class": "MatbenchTask",
        "benchmark_name": BENCHMARK,
        "dataset_name": specs[0].dataset,
        "results": {f"fold_{spec.fold}": _fold(store, spec) for spec in specs},
    }


def _fold(store: Store, spec: RunSpec) -> dict[str, Any]:
    record, table = store.read(spec.key), store.predictions(spec.key)
    official = benchmarks.load(spec.dataset, fold=spec.fold).test
    if set(table["id"]) != set(official.index):
        raise BrokenRecord(f"record {spec.key} of the {store.name} store has other compounds than the official fold")
    scores = classification_scores if spec.classification else regression_scores
    return {
        "data": dict(zip(table["id"], table["predicted"].astype(float), strict=True)),
        # Matbench takes normal intervals; the networks' distribution is Laplace's.
        "uncertainty": None,
        "parameters": {"best_epoch": record.best_epoch, "n_train": record.n_train, "n_val": record.n_val},
        "scores": scores(*(table[column].to_numpy() for column in ("actual", "predicted"))),
    }


def regression_scores(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> dict[str, float]:
    """Compute the scores of a fold (B,) as Matbench defines them."""
    error = np.abs(actual - predicted)
    counted = np.abs(actual) > SMALLEST_FOR_MAPE
    return {
        "mae": float(mean_absolute_error(actual, predicted)),
        "rmse": math.sqrt(np.mean(error**2)),
        "mape": float(np.mean(error[counted] / np.abs(actual[counted]))),
        "max_error": float(max_error(actual, predicted)),
    }


def classification_scores(actual: NDArray[np.int64], probability: NDArray[np.float64]) -> dict[str, float]:
    """Compute the scores of a fold (B,) as Matbench does.

    Matbench turns probabilities into classes for its first score and goes on with these, so that its ``rocauc``, of a
    two-valued prediction, is the balanced accuracy. The area under the real curve is in our own records.
    """
    chosen = probability > 0.5
    balanced = float(balanced_accuracy_score(actual, chosen))
    return {
        "accuracy": float(accuracy_score(actual, chosen)),
        "balanced_accuracy": balanced,
        "f1": float(f1_score(actual, chosen)),
        "rocauc": balanced,
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; exit status 1 if a task is incomplete, though complete ones are written."""
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.reproduce.leaderboard", description=__doc__)
    parser.add_argument("--model", default="L-G-DCNN")
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--setting", default="exact")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="default: the recipe's own")
    parser.add_argument("--refit", action="store_true", help="take runs that were trained on validation data too")
    parser.add_argument("--store", choices=["committed", "local"], default="committed")
    parser.add_argument("--output", type=Path, help=f"default: build/leaderboard/<run>/{FILE}")
    chosen = parser.parse_args(arguments)
    try:
        benchmarks.fetch()
        store = local_store() if chosen.store == "local" else committed_store()
        if store is None:
            raise IncompleteTasks("the committed records are in the repository: clone it, or use --store local")
        # Any task and fold will do here.
        like = RunSpec(
            "matbench_steels",
            fold=0,
            model=chosen.model,
            recipe=chosen.recipe,
            setting=chosen.setting,
            seed=chosen.seed,
            epochs=chosen.epochs,
            refit=chosen.refit,
        )
        content, incomplete = submission(store, like)
    except (IncompleteTasks, BrokenRecord, benchmarks.DataError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    run = like.key.partition("/")[2].replace("_fold0", "")
    path = chosen.output or (checkout() or Path.cwd()) / "build" / "leaderboard" / run / FILE
    write(content, path)
    print(f"{path}: {', '.join(content['tasks'])}")
    for task in incomplete:
        print(f"error: left out, as all five folds must be recorded: {task}", file=sys.stderr)
    return int(bool(incomplete))


if __name__ == "__main__":
    sys.exit(main())
