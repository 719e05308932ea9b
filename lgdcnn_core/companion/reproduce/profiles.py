"""Profiles: which runs and which notebooks make up a reproduction."""

from collections.abc import Callable
from pathlib import Path

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.runs import RunSpec

INTRODUCTION = "00_start_here.ipynb"
TRAINING_NOTEBOOK = "01_train.ipynb"

PAPER_SEED = 42
"""Seed of the published implementation."""

EXTENDED_MODELS = ("L-G-DCNN", "L-G-DCNN-v1", "L-G-DCNN-onehot", "CrabNet")
MATBENCH_MODELS = ("L-G-DCNN", "CrabNet")


def quick() -> list[RunSpec]:
    """Two networks on two small sets, with our own recipe: minutes on a laptop."""
    sets: tuple[tuple[str, int | None], ...] = (("aflow__ael_bulk_modulus_vrh", None), ("matbench_jdft2d", 0))
    return [RunSpec(dataset, fold=fold, model=model) for dataset, fold in sets for model in MATBENCH_MODELS]


def paper() -> list[RunSpec]:
    """Every set, network and fold of the paper's tables, with its recipe and in its setting."""
    tasks: list[tuple[str, int | None, tuple[str, ...]]] = [
        (dataset, None, EXTENDED_MODELS) for dataset in benchmarks.names("extended")
    ]
    tasks += [
        (dataset, fold, MATBENCH_MODELS)
        for dataset in benchmarks.names("matbench", kind="regression")
        for fold in range(N_FOLDS)
    ]
    return [
        RunSpec(dataset, fold=fold, model=model, recipe="paper", setting="published", seed=PAPER_SEED)
        for dataset, fold, models in tasks
        for model in models
    ]


PROFILES: dict[str, Callable[[], list[RunSpec]]] = {"quick": quick, "paper": paper}


def other_notebooks(directory: Path) -> list[Path]:
    """Notebooks that run with their defaults, in reading order: all but the one that trains."""
    return sorted(path for path in directory.glob("*.ipynb") if path.name != TRAINING_NOTEBOOK)


def drawing_notebooks(directory: Path) -> list[Path]:
    """Notebooks that draw from records: all but the introduction and the one that trains."""
    return [path for path in other_notebooks(directory) if path.name != INTRODUCTION]
