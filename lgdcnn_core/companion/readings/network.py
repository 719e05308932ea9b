"""Load the trained network of a run from its weights, and check it against the record of the run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.companion.readings.spec import ReadingSpec
from lgdcnn_core.companion.records import places, sealed
from lgdcnn_core.companion.records.directory import RECORD
from lgdcnn_core.companion.records.provenance import data_hash
from lgdcnn_core.companion.runs import RunSpec, Store
from lgdcnn_core.companion.runs.execution import predict
from lgdcnn_core.companion.runs.parts import load_split
from lgdcnn_core.companion.runs.store import both_stores
from lgdcnn_core.companion.runs.weights import file_of_weights
from lgdcnn_core.models import build

COMPOUNDS_COMPARED = 64
"""Number of test compounds whose predictions show whether weights belong to a record."""

TOLERANCE = 1e-3
"""Largest difference that another machine's rounding may cause in a prediction, in mean absolute deviations."""


class NoNetwork(RuntimeError):
    """The record or the weights of a trained network are not on this machine."""


class ForeignWeights(RuntimeError):
    """Weights give other predictions than the record of their run."""


@dataclass(frozen=True)
class Trained:
    """A trained network, or the same one before its training, and the data that it is read on.

    Attributes
    ----------
    model
        The estimator.
    data
        The part's rows, columns ``formula`` and ``target``, (B,).
    source
        See `ReadingRecord`.
    """

    model: CompositionRegressor
    data: pd.DataFrame
    source: dict[str, str]


def trained(spec: ReadingSpec) -> Trained:
    """Load the trained network of a reading, and its data.

    Raises
    ------
    NoNetwork
        If the run has no record or no weights; the message says how to make them.
    ForeignWeights
        If the weights give other predictions than the record.
    """
    weights = file_of_weights(spec.run)
    stores = [store for store in both_stores() if spec.run.key in store]
    if not stores:
        raise NoNetwork(f"there is no record of the run {spec.run.key}. {_way_out(spec.run)}")
    if not weights.is_file():
        raise NoNetwork(f"{places.weights()} has no weights of {spec.run.key}. {_way_out(spec.run)}")
    model = CompositionRegressor.load(weights)
    store = _matching(model, spec.run, stores)
    if not spec.trained:
        initial = build(model.model, model.network_.elements.name, spec.run.seed)
        model.networks_ = [initial.to(model.compute_.device).eval()]
    data = load_split(spec.run)._asdict()[spec.part]
    source = {
        "run": sha256_of_record(store, spec.run),
        "weights": sealed.sha256(weights.read_bytes()),
        "data": data_hash(data),
    }
    return Trained(model, data, source)


def sha256_of_record(store: Store, run: RunSpec) -> str:
    """Return the sha256 of a run's ``record.json``."""
    return sealed.sha256((store.path / run.key / RECORD).read_bytes())


def _matching(model: CompositionRegressor, run: RunSpec, stores: Sequence[Store]) -> Store:
    """Return the store whose record agrees with the model's predictions; both may have a record of the run."""
    differences = {store: _difference(model, store.predictions(run.key)) for store in stores}
    store = min(stores, key=lambda each: differences[each])
    if not differences[store] <= TOLERANCE:
        raise ForeignWeights(
            f"the weights of {run.key} predict up to {differences[store]:.3g} mean absolute deviations away from "
            f"its record: they come from another training. Remove them. {_way_out(run)}"
        )
    return store


def _difference(model: CompositionRegressor, recorded: pd.DataFrame) -> float:
    """Return the largest difference from recorded predictions, in mean absolute deviations of these."""
    first = recorded.head(COMPOUNDS_COMPARED)
    found = predict(model, first[["formula", "actual"]].rename(columns={"actual": "target"}))["predicted"]
    worst = np.abs(found.to_numpy(dtype=float) - first["predicted"].to_numpy(dtype=float)).max()
    every = recorded["predicted"].to_numpy(dtype=float)
    return float(worst / max(np.abs(every - every.mean()).mean(), 1e-6))


def _way_out(run: RunSpec) -> str:
    return f"Train it: lgdcnn_core.companion.runs.execute({run!r}, weights=True)"
