"""Time the real training loop on parts of the data sets."""

from dataclasses import replace
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.speed.counting import training_flop
from lgdcnn_core.companion.speed.roofline import activation_bytes, weight_bytes
from lgdcnn_core.companion.speed.scope import Case, Scope, cases
from lgdcnn_core.models import CHAINS, build
from lgdcnn_core.training import Labelled, Layout, Plan, Scaling, choose, labelled, merge_duplicates, precisions, train

EPOCHS = 5
"""Epochs of a timed training; the first one warms up."""


def training_part(dataset: str, rows_at_most: int | None = None) -> Labelled:
    """Return the training part of a data set as a training gets it."""
    table = benchmarks.load(dataset).train
    table = table if rows_at_most is None else table.head(rows_at_most)
    return merge_duplicates(labelled(table, None, "training", classification=False))


def measure_trainings(scope: Scope, device: str | None, progress: bool) -> list[dict[str, Any]]:
    """Time every case, see `time_training`."""
    parts: dict[str, Labelled] = {}
    found = []
    for case in (bar := tqdm(list(cases(scope, precisions(device))), desc="trainings", disable=not progress)):
        bar.set_postfix_str(f"{case.model} {case.dataset} {case.setting} {case.precision}")
        if case.dataset not in parts:
            parts = {case.dataset: training_part(case.dataset, scope.rows_at_most)}  # one at a time: OQMD is large
        found.append(time_training(case, parts[case.dataset], device, scope.case_seconds))
    return found


def time_training(case: Case, data: Labelled, device: str | None, seconds: float) -> dict[str, Any]:
    """Time whole epochs of the training loop on random compounds, without validation.

    Batches differ in how many compounds of each length they have, and oneDNN makes a kernel for each new shape of a
    product: some 20 for each of the first 30 batches of 128, 0.4 ms apiece, then fewer and fewer. So a training of the
    same length on other batches comes first.

    Parameters
    ----------
    case
        The training to time.
    data
        The whole training part.
    device
        As in `training.choose`.
    seconds
        Time to spend. Epochs of one batch are always run; if they are quick, epochs of as many batches as fit follow,
        in two trainings: the first one warms up.

    Returns
    -------
    dict
        The case, its ``batch_size`` filled in; for one epoch the ``steps``, ``compounds``, ``tokens`` (elements of
        compounds), ``positions`` (tokens, and padding where it takes part), ``flop``, and the ``bytes`` that it must
        move (see `speed.roofline`); ``epoch_seconds``, whose first one is a warm-up; ``n_train``, compounds of the
        whole training part.
    """
    recipe = case.full_recipe(len(data)).with_changes(epochs=EPOCHS)
    assert recipe.batch_size is not None
    compute = choose(device, case.precision)
    n_max = int(data.compositions.lengths.max())
    plan = Plan(recipe, Layout(case.setting, n_max), Scaling.of(data.targets, False), compute, seed=0)
    order = np.random.default_rng(0).permutation(len(data))

    def run(steps: int, seed: int) -> tuple[Labelled, list[float]]:
        chosen = data[order[: steps * recipe.batch_size]]  # type: ignore[operator]
        network = build(case.model, seed=0).to(compute.device)
        history = train(network, chosen, None, replace(plan, seed=seed), progress=False)
        return chosen, [epoch.seconds for epoch in history.epochs]

    steps = 1
    chosen, epoch_seconds = run(steps, seed=0)
    fitting = min(int(seconds / EPOCHS / min(epoch_seconds[1:])), len(data) // recipe.batch_size)
    if fitting > steps:
        steps = fitting
        run(steps, seed=1)
        chosen, epoch_seconds = run(steps, seed=2)

    network = build(case.model, seed=0)
    lengths = chosen.compositions.lengths
    padded = case.setting == "published" and not CHAINS[case.model].masks_padding
    positions = np.full_like(lengths, n_max) if padded else lengths
    n_positions = int(positions.sum())
    moved = steps * weight_bytes(network, recipe, compute.bfloat16)
    moved += n_positions * activation_bytes(network, compute.bfloat16)
    return {
        "dataset": case.dataset,
        "model": case.model,
        "recipe": case.recipe,
        "setting": case.setting,
        "precision": case.precision,
        "batch_size": recipe.batch_size,
        "steps": steps,
        "compounds": len(chosen),
        "tokens": chosen.compositions.n_tokens,
        "positions": n_positions,
        "flop": training_flop(network, positions),
        "bytes": moved,
        "epoch_seconds": epoch_seconds,
        "n_train": len(data),
    }
