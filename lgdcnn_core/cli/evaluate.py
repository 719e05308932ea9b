"""`lgdcnn evaluate`: the errors of a model on compounds with known targets."""

from argparse import Namespace

import numpy as np

from lgdcnn_core.cli import reading
from lgdcnn_core.regressor.calibration import USUAL_INTERVAL
from lgdcnn_core.tables import target_columns
from lgdcnn_core.training.targets import as_numbers


class NothingToMeasure(ValueError):
    """No compound of the table has a known target."""


def run(chosen: Namespace) -> int:
    """Run the command; return the exit status."""
    fitted = reading.model(chosen.model, chosen.device)
    frame, formula = reading.readable(chosen.table, chosen)
    target = target_columns(frame, formula, [chosen.target] if chosen.target else [])[0]
    if chosen.property is None and len(fitted.target_names_) > 1 and target not in fitted.target_names_:
        raise reading.UnknownProperty(
            f"say which property {target!r} is, with --property: {', '.join(fitted.target_names_)}"
        )
    name = chosen.property or (str(target) if len(fitted.target_names_) > 1 else None)
    place = reading.places(fitted, [name] if name else None)[0]
    actual, wrong, _ = as_numbers(frame[target], "evaluated")
    known = np.isfinite(actual) & ~wrong
    if not known.any():
        raise NothingToMeasure(f"no compound of {chosen.table} has a number in the column {target!r}")
    actual = actual[known]
    mean, std = (
        each.reshape(len(actual), -1)[:, place] for each in fitted.predict(frame[formula][known], return_std=True)
    )
    unit = fitted.units_[place]
    errors = actual - mean
    print(f"{fitted.target_names_[place]}: {len(actual)} compounds")
    for measure, value, its_unit in (
        ("MAE", np.abs(errors).mean(), unit),
        ("median absolute error", np.median(np.abs(errors)), unit),
        ("RMSE", np.sqrt(np.square(errors).mean()), unit),
        ("R2", 1 - np.square(errors).sum() / np.square(actual - actual.mean()).sum() if np.ptp(actual) else np.nan, ""),
    ):
        print(f"  {measure:24} {value:.4g} {its_unit}".rstrip())
    if fitted.calibration_ is not None:
        inside = np.abs(errors) <= fitted.calibration_.factor(USUAL_INTERVAL)[place] * std
        print(f"  {f'within {USUAL_INTERVAL:.0%} interval':24} {inside.mean():.1%}")
    return 0
