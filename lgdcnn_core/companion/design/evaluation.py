"""Evaluate a candidate: train it briefly, measure its validation error and the CECV of each of its layers."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.cecv import CECV, THRESHOLDS, layer_efms
from lgdcnn_core.companion.design.record import COMPLETE_LINKAGE, Evaluation
from lgdcnn_core.companion.records import provenance
from lgdcnn_core.models import chain
from lgdcnn_core.training import FIRST_FAST, Recipe, merging_expected

RULE = "published"


@dataclass(frozen=True)
class Task:
    """A data set to evaluate candidates on, and how long to train.

    Attributes
    ----------
    dataset, fold
        As `lgdcnn_core.benchmarks.load` takes them.
    recipe
        Recipe of the training.
    focus
        Atomic number of the element whose environments the CECV counts. None takes every compound of three or more
        elements, for sets in which few compounds contain the commonest one.
    """

    dataset: str
    fold: int | None
    recipe: Recipe
    focus: int | None = None


def brief(epochs: int, batch_size: int) -> Recipe:
    """Return a brief version of our fast recipe in its first form, `FIRST_FAST`.

    The moving average decays faster. With the recipe's own decay of 0.99 it would still hold a good part of the first
    third of such a short training.
    """
    return FIRST_FAST.with_changes(name="brief", epochs=epochs, batch_size=batch_size, ema_decay=0.95)


def evaluate(candidate: str, task: Task, seed: int = 0, origin: str = "", device: str | None = None) -> Evaluation:
    """Train a candidate briefly, and measure its validation error and CECVs; test data are not read.

    Parameters
    ----------
    candidate
        Name or spec of the network, see `lgdcnn_core.models.build`.
    task
        Data set, recipe and focus element.
    seed
        Seed of initial weights and training.
    origin
        How the candidate came into the study, for the record.
    device
        As in `lgdcnn_core.training.choose`.
    """
    begun = provenance.begin()
    train, val, _ = benchmarks.load(task.dataset, fold=task.fold)
    model = CompositionRegressor(candidate, task.recipe, seed=seed, device=device, progress=False)
    with merging_expected():  # by the paper's rule
        model.fit(train, val=val)
    model.history_.require_whole()
    predicted = np.asarray(model.predict(val))
    actual = val["target"].to_numpy(dtype=float)
    clock = time.perf_counter()
    # A repeated compound adds no environment.
    formulas = pd.concat([train["formula"], val["formula"]]).drop_duplicates()
    efms = layer_efms(model.network_, model.batches(formulas), task.focus)
    cecvs, complete_linkage = (
        {layer: _plain(found) for layer, found in efms.cecvs(THRESHOLDS, rule).items()}
        for rule in (RULE, COMPLETE_LINKAGE)
    )
    history = model.history_
    lines = [asdict(epoch) for epoch in history.epochs]
    return Evaluation(
        candidate=candidate,
        origin=origin,
        chain=asdict(chain(candidate)),
        dataset=task.dataset,
        fold=task.fold,
        seed=seed,
        recipe=task.recipe.as_dict(),
        n_parameters=sum(p.numel() for p in model.network_.parameters()),
        val_mae=float(np.abs(predicted - actual).mean()),
        mean_predictor_mae=float(np.abs(actual - train["target"].mean()).mean()),
        learning_curve={name: [line[name] for line in lines] for name in ("epoch", "loss", "train_error", "val_error")},
        cecvs=cecvs,
        thresholds=list(THRESHOLDS),
        rule=RULE,
        focus=task.focus,
        n_formulas=len(formulas),
        seconds={"training": history.seconds, "cecv": time.perf_counter() - clock},
        compute=model.compute_.describe(),
        **provenance.made_now(Evaluation, begun),
        inputs=provenance.input_hashes({"train": train, "val": val}),
        complete_linkage=complete_linkage,
    )


def _plain(cecv: CECV) -> dict[str, Any]:
    """Return the counts of clusters and of compounds by size, as JSON has them."""
    return {
        "sizes": list(cecv.sizes),
        "compounds": cecv.compounds_by_size.tolist(),
        "counts": cecv.counts_by_size.tolist(),
    }
