"""Estimate how long runs will take on this device, from a few real training batches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.reproduce.tree_pace import growing_seconds
from lgdcnn_core.companion.runs import RunSpec
from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.models import CHAINS, build
from lgdcnn_core.training import Compute, Labelled, Layout, Plan, Recipe, Scaling, choose, train

SAMPLE = 1000  # formulas of a data set that are parsed to learn how many elements its compounds have
SMALL, LARGE = 32, 256  # compounds in the two batches that are timed
ELEMENTS = 3  # in each of their compounds
EPOCHS = 3  # of one batch each; the first one warms up
FORWARD_SHARE = 1 / 3  # of a training step's arithmetic, the backward pass being twice the forward pass


@dataclass(frozen=True)
class Size:
    """Properties of a data set that decide the time of a training.

    Attributes
    ----------
    n_train, n_val
        Number of compounds; duplicate formulas of the training part count once.
    mean_elements
        Mean number of elements in a compound, over a sample of the training part.
    max_elements
        Largest number of elements in the sample; rarer, longer compounds are missed.
    """

    n_train: int
    n_val: int
    mean_elements: float
    max_elements: int


@dataclass(frozen=True)
class Pace:
    """Seconds of one training batch: ``per_batch + per_token * tokens``."""

    per_batch: float
    per_token: float


def estimate(specs: Sequence[RunSpec], device: str | None = None, progress: bool = True) -> list[float]:
    """Estimate the seconds of training of each run on this device.

    Parameters
    ----------
    specs
        The runs.
    device
        As in `training.choose`.
    progress
        Show a progress bar.
    """
    sizes: dict[str, Size] = {}
    paces: dict[tuple[str, str, str], Pace] = {}
    seconds = []
    for spec in tqdm(specs, desc="timing", unit="run", disable=None if progress else True, leave=False):
        if spec.dataset not in sizes:
            sizes[spec.dataset] = size(spec)
        if not isinstance(recipe := spec.full_recipe(), Recipe):
            seconds.append(growing_seconds(recipe, labelled(spec, sizes[spec.dataset])[0]))
            continue
        kind = (spec.model, spec.recipe, spec.setting)
        if kind not in paces:
            paces[kind] = pace(spec, device)
        seconds.append(duration(spec, sizes[spec.dataset], paces[kind]))
    return seconds


def size(spec: RunSpec) -> Size:
    """Return the size of a run's data set; the folds of a Matbench task are alike."""
    split = benchmarks.load(spec.dataset, fold=spec.fold)
    distinct = split.train["formula"].drop_duplicates()
    chosen = np.random.default_rng(0).choice(len(distinct), min(SAMPLE, len(distinct)), replace=False)
    lengths = parse(distinct.iloc[chosen]).lengths
    return Size(len(distinct), len(split.val), float(lengths.mean()), int(lengths.max()))


def pace(spec: RunSpec, device: str | None) -> Pace:
    """Measure the pace of a run's network, recipe and setting with a small and a large batch of made-up compounds."""
    compute = choose(device, _recipe(spec).precision)
    tokens = np.array([SMALL, LARGE]) * ELEMENTS
    seconds = np.array([_batch_seconds(spec, n_compounds, compute) for n_compounds in (SMALL, LARGE)])
    per_token = max(float(np.diff(seconds)[0] / np.diff(tokens)[0]), 0.0)
    return Pace(max(float(seconds[0] - per_token * tokens[0]), 0.0), per_token)


def duration(spec: RunSpec, size: Size, pace: Pace) -> float:
    """Estimate the seconds of a whole training: its batches, and its predictions on validation data."""
    recipe = _recipe(spec)
    n_train, n_val = labelled(spec, size)
    n_val = min(n_val, recipe.val_compounds or n_val)
    padded = spec.setting == "published" and not CHAINS[spec.model].masks_padding
    elements = size.max_elements if padded else size.mean_elements
    batches = -(-n_train // recipe.batch_size_for(n_train))
    training = batches * pace.per_batch + n_train * elements * pace.per_token
    validation = FORWARD_SHARE * (pace.per_batch + n_val * elements * pace.per_token)
    validations = 0 if spec.refit else recipe.epochs
    if recipe.averaging == "published":
        # In the epochs that end a cycle, the published averaging looks at the validation data after every batch.
        validations += recipe.epochs // (2 * recipe.half_cycle) * batches
    return recipe.epochs * training + validations * validation


def makespan(seconds: Iterable[float], workers: int) -> float:
    """Return the seconds until all jobs are done, given the seconds of each in order and how many run at once."""
    ends = [0.0] * workers
    for each in seconds:
        ends[ends.index(min(ends))] += each
    return max(ends)


def labelled(spec: RunSpec, size: Size) -> tuple[int, int]:
    """Count the compounds that a run trains on and validates with."""
    n_labelled, n_val = (size.n_train + size.n_val, 0) if spec.refit else (size.n_train, size.n_val)
    return max(round(spec.train_fraction * n_labelled), 1), n_val


def _recipe(spec: RunSpec) -> Recipe:
    """Recipe of a network's run."""
    recipe = spec.full_recipe()
    assert isinstance(recipe, Recipe)
    return recipe


def _batch_seconds(spec: RunSpec, n_compounds: int, compute: Compute) -> float:
    recipe = _recipe(spec).with_changes(epochs=EPOCHS, batch_size=n_compounds)
    history = train(
        build(spec.model, seed=0).to(compute.device),
        Labelled(_compounds(n_compounds), np.linspace(-1.0, 1.0, n_compounds)),
        None,
        Plan(recipe, Layout(spec.setting, ELEMENTS), Scaling(0.0, 1.0), compute, seed=0),
        progress=False,
    )
    return min(epoch.seconds for epoch in history.epochs[1:])


def _compounds(n: int) -> Compositions:
    symbols = np.array(["Li", "O", "Na", "Al", "Si", "Fe", "Cu", "Ge", "Sr", "Ba"])
    generator = np.random.default_rng(0)
    chosen = (generator.choice(symbols, ELEMENTS, replace=False) for _ in range(n))
    return parse(["".join(f"{symbol}{i + 1}" for i, symbol in enumerate(each)) for each in chosen])


def readable(seconds: float) -> str:
    """Write a duration in readable units."""
    units: tuple[tuple[float, Callable[[float], str]], ...] = (
        (90, lambda s: f"{s:.0f} s"),
        (90 * 60, lambda s: f"{s / 60:.0f} min"),
        (36 * 3600, lambda s: f"{s / 3600:.1f} h"),
    )
    return next((text(seconds) for limit, text in units if seconds < limit), f"{seconds / 86400:.1f} days")
