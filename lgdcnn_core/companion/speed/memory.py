"""Measure the peak memory of processes that train."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import torch

from lgdcnn_core.companion.speed.scope import LARGEST, Case, Scope
from lgdcnn_core.companion.speed.trainings import training_part
from lgdcnn_core.models import build
from lgdcnn_core.training import FAST, PAPER, Layout, Plan, Scaling, choose, train

PROCESS = f"from {__name__} import main; main()"
"""Code of the process whose memory is measured."""


def measure_memory(scope: Scope, device: str | None) -> list[dict[str, Any]]:
    """Measure the peak memory of trainings on the largest data set, each in a process of its own.

    Linux counts the memory that the parent held when the process started: call this before loading anything large.

    Returns
    -------
    list of dict
        ``dataset``, ``model``, ``recipe``, ``setting``, ``precision`` (``"auto"``: the machine's choice),
        ``batch_size``, ``compounds``, and ``peak`` in GiB (``host``, with a GPU ``device``).
    """
    found = []
    for recipe, setting in ((FAST, "exact"), (PAPER, "published")):
        wanted = {
            "case": {
                "dataset": LARGEST,
                "model": "L-G-DCNN",
                "recipe": recipe.name,
                "setting": setting,
                "precision": recipe.precision,
                "batch_size": None,
            },
            "compounds": scope.memory_compounds,
            "rows_at_most": scope.rows_at_most,
            "device": device,
            "threads": torch.get_num_threads(),
        }
        command = [sys.executable, "-P", "-c", PROCESS, json.dumps(wanted)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found.append(json.loads(done.stdout))
    return found


def train_some(case: Case, compounds: int, rows_at_most: int | None, device: str | None) -> dict[str, Any]:
    """Train on some compounds with all training data in memory; return one entry of `measure_memory`."""
    data = training_part(case.dataset, rows_at_most)
    recipe = case.full_recipe(len(data)).with_changes(epochs=1)
    assert recipe.batch_size is not None
    compute = choose(device, recipe.precision)
    layout = Layout(case.setting, int(data.compositions.lengths.max()))
    plan = Plan(recipe, layout, Scaling.of(data.targets, False), compute, seed=0)
    chosen = data[np.random.default_rng(0).permutation(len(data))[:compounds]]
    train(build(case.model, seed=0).to(compute.device), chosen, None, plan, progress=False)
    fields = {"dataset": case.dataset, "model": case.model, "recipe": case.recipe, "setting": case.setting}
    fields["precision"] = case.precision
    return fields | {"batch_size": recipe.batch_size, "compounds": len(chosen), "peak": compute.peak_memory()}


def main() -> None:
    """Run the training that this process's argument describes in JSON, and print the result as JSON."""
    order = json.loads(sys.argv[1])
    torch.set_num_threads(order.pop("threads"))
    print(json.dumps(train_some(Case(**order.pop("case")), **order)))
