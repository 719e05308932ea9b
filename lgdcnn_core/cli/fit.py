"""`lgdcnn fit`: train on a table, calibrate, and save the model."""

from argparse import Namespace

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.cli import reading
from lgdcnn_core.files import require_room
from lgdcnn_core.tables import named, target_columns
from lgdcnn_core.training.tables import VALIDATION_FRACTION

BYTES = 40 * 2**20
"""Approximate size of a saved network."""


def run(chosen: Namespace) -> int:
    """Run the command; return the exit status."""
    require_room(chosen.output, BYTES * max(chosen.members, 1))
    frame, formula = reading.readable(chosen.table, chosen)
    targets = [str(name) for name in target_columns(frame, formula, chosen.target or [])]
    if not chosen.target:
        reading.say(f"targets are in the column {targets[0]!r}")
    groups = frame[formula if chosen.group is None else named(frame.columns, chosen.group)]
    train = _columns(frame, formula, targets)
    if chosen.val is not None:
        frame, formula = reading.readable(chosen.val, chosen)
        val = _columns(frame, formula, targets)
    else:
        # Held out here, and not by `fit`, because they serve for calibration too.
        groups = groups[train.index]
        chosen_groups = groups.drop_duplicates().sample(frac=VALIDATION_FRACTION, random_state=chosen.seed)
        held_out = groups.isin(chosen_groups)
        train, val = train[~held_out], train[held_out]
        reading.say(f"{len(val)} of {len(held_out)} rows are held out for validation")
    start = None if chosen.init is None else reading.model(chosen.init, chosen.device)
    fitted = CompositionRegressor(
        start.model if start else chosen.network,
        chosen.recipe,
        elements=start.elements if start else "mat2vec",
        seed=chosen.seed,
        device=chosen.device,
        n_members=chosen.members,
    )
    names = targets if len(targets) > 1 else targets[0]
    fitted.fit(train, names, val=val, init=start, checkpoint=chosen.checkpoint)
    fitted.calibrate(val, names)
    fitted.save(chosen.output)
    print(f"{chosen.output}: {fitted.model}, {fitted.n_train_} compounds, {', '.join(targets)}")
    predicted = np.asarray(fitted.predict(val)).reshape(len(val), -1)
    for name, unit, error in zip(
        targets, fitted.units_, np.nanmean(np.abs(val[targets].to_numpy() - predicted), axis=0), strict=True
    ):
        print(f"validation MAE of {name}: {error:.4g} {unit}".rstrip())
    return 0


def _columns(frame: pd.DataFrame, formula: str, targets: list[str]) -> pd.DataFrame:
    """Return formulas and targets alone, without rows that lack all targets."""
    found = frame[[formula, *targets]].rename(columns={formula: "formula"})
    kept = found.dropna(subset=targets, how="all")
    if missing := len(found) - len(kept):
        reading.say(f"{missing} rows without a target are left out")
    return kept
