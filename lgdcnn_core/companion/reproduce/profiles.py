"""Profiles: which runs and which notebooks make up a reproduction."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.runs import RunSpec, sample_efficiency, trees

INTRODUCTION = "00_start_here.ipynb"
TRAINING_NOTEBOOK = "01_train.ipynb"

FIRST_LOOK = "02_benchmark_table.ipynb"
"""Notebook to run first, from the project's own records: it shows the paper's table with our numbers beside it."""

SHOWING_RUNS = (FIRST_LOOK, "03_convergence.ipynb", "04_matbench_table.ipynb")
"""Notebooks that show this machine's runs beside the project's, so that they run after the trainings."""

PAPER_SEED = 42
"""Seed of the published implementation."""

EXTENDED_MODELS = ("L-G-DCNN", "L-G-DCNN-v1", "L-G-DCNN-onehot", "CrabNet")
MATBENCH_MODELS = ("L-G-DCNN", "CrabNet")

QUICK_TASKS = ("matbench_jdft2d", "matbench_phonons")


def quick() -> list[RunSpec]:
    """List the runs of two networks on small sets by the fast recipe: minutes on two plain cores.

    The project has records of each of these runs with three seeds, and published numbers of each network.
    """
    return [RunSpec(task, fold=0, model=model) for task in QUICK_TASKS for model in MATBENCH_MODELS]


def paper() -> list[RunSpec]:
    """List the runs of every set, network and fold of the paper's tables, by the paper recipe in the padded setting."""
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


def ours() -> list[RunSpec]:
    """List the runs of our recipe on all 28 sets: tree baselines, then L-G-DCNN, then CrabNet, small sets first."""
    cards = sorted(map(benchmarks.card, benchmarks.names(kind="regression")), key=lambda card: card.n_rows)
    folds: dict[str, Sequence[int | None]] = {
        card.name: [None] if card.protocol == "extended" else range(N_FOLDS) for card in cards
    }
    kinds = [(model, trees.NAME) for model in trees.RECIPES] + [(model, "fast") for model in MATBENCH_MODELS]
    return [
        RunSpec(dataset, fold=fold, model=model, recipe=recipe)
        for model, recipe in kinds
        for dataset in folds
        for fold in folds[dataset]
    ]


PROFILES: dict[str, Callable[[], list[RunSpec]]] = {
    "quick": quick,
    "ours": ours,
    "paper": paper,
    "efficiency": sample_efficiency.runs,
}

DRAWN = ("quick", "paper")
"""Profiles whose every run gets an executed copy of the training notebook."""


def other_notebooks(directory: Path) -> list[Path]:
    """List the notebooks that run with their defaults, in reading order: all but the one that trains."""
    return sorted(path for path in directory.glob("*.ipynb") if path.name != TRAINING_NOTEBOOK)


def shown_notebooks(directory: Path) -> dict[Path, dict[str, str]]:
    """Return all notebooks, each with the parameters that make it show committed records, as everybody sees it."""
    values = {TRAINING_NOTEBOOK: {"store": "committed"}}
    return {path: values.get(path.name, {}) for path in sorted(directory.glob("*.ipynb"))}
