"""Describe one run in sentences: its error beside the published one, its training, its uncertainties."""

import math

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.claims import errors
from lgdcnn_core.companion.runs import RunRecord
from lgdcnn_core.companion.wording import counted, unit_text, way_of_training

LAPLACE = {1: 76, 2: 94}
"""Percent of errors within one and two standard deviations of a Laplace distribution, which the loss assumes."""


def findings(record: RunRecord, row: pd.DataFrame, predictions: pd.DataFrame, published: float) -> list[str]:
    """Say in a few sentences how accurate a run is and how it was trained.

    Parameters
    ----------
    record
        The run's record.
    row
        The run's row of `runs.load_records`.
    predictions
        The run's test predictions.
    published
        The published MAE of the same network on the same data; NaN where there is none.
    """
    classification = record.spec.classification
    said = [_scores(record) if classification else _error(record, row, published), _training(record)]
    if not classification:
        said.append(_uncertainty(predictions))
    card = benchmarks.card(record.spec.dataset)
    if card.median_beside_mean and not classification:
        said.append(
            "A few extreme compounds decide this MAE; the median absolute error is "
            f"{record.metrics['median_absolute_error']:.4g} {unit_text(card.unit)}."
        )
    return [*said, f"About these data: {card.note}."] if card.note else said


def _error(record: RunRecord, row: pd.DataFrame, published: float) -> str:
    if not math.isnan(published):
        numbers = pd.DataFrame([{"dataset": record.spec.dataset, "model": record.spec.model, "published": published}])
        return errors.sentence(errors.against_published(runs.summarise(row), numbers, row).iloc[0])
    card, found = benchmarks.card(record.spec.dataset), record.metrics
    return (
        f"The test MAE is {found['mae']:.4g} {unit_text(card.unit)} (95 % interval {found['mae_low']:.4g} to "
        f"{found['mae_high']:.4g}); nothing was published for {record.spec.model} on these data."
    )


def _scores(record: RunRecord) -> str:
    found = record.metrics
    return (
        f"On the test rows the ROC AUC is {found['roc_auc']:.3f}, the accuracy {found['accuracy']:.3f}, and the F1 "
        f"score {found['f1']:.3f}."
    )


def _training(record: RunRecord) -> str:
    spec, compute = record.spec, record.compute
    way = way_of_training(spec.recipe, spec.setting, spec.nominal_epochs, spec.train_fraction, spec.refit)
    epochs = counted(len(record.learning_curve["epoch"]), "epoch") + (
        " (stopped early)" if record.stopped_early else ""
    )
    return (
        f"{spec.model}, {way}, seed {spec.seed}: {epochs} on {record.n_train:,} rows in "
        f"{record.seconds['training']:.0f} s on {record.platform['processor']} ({compute['device']}, "
        f"{compute['precision']}, {counted(int(compute['threads']), 'thread')}). Validation chose "
        f"{record.validation_chose}; the test rows chose nothing."
    )


def _uncertainty(predictions: pd.DataFrame) -> str:
    error = (predictions["predicted"] - predictions["actual"]).abs()
    within = {width: 100 * (error < width * predictions["uncertainty"]).mean() for width in LAPLACE}
    return (
        f"{within[1]:.0f} % of the test errors are smaller than the stated uncertainty and {within[2]:.0f} % smaller "
        f"than twice that; were the stated Laplace distributions right, it would be {LAPLACE[1]} % and {LAPLACE[2]} %."
    )
