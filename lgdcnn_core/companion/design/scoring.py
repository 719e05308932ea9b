"""Score evaluated candidates by the distance of their CECVs from the target region."""

from collections.abc import Iterable, Sequence
from typing import Literal

import pandas as pd

from lgdcnn_core.companion.design.record import Evaluation
from lgdcnn_core.companion.design.region import RISE, SMALL_UP_TO, Scale, TargetRegion

GLOBAL, LOCAL = "LSTM", "DCNN-K1"
"""The paper's global and local network, whose last layers span the region."""

Layers = Literal["last", "mean"]


class MissingReference(ValueError):
    """A reference network was not evaluated, so there is no target region."""


def region(
    evaluations: Iterable[Evaluation],
    small_up_to: float = SMALL_UP_TO,
    rise: float = RISE,
    scale: Scale = "linear",
    rule: str = "",
) -> TargetRegion:
    """Return the target region of one data set and seed, from the references among its evaluations.

    Parameters are as in `scores`.

    Raises
    ------
    MissingReference
        If the LSTM or the DCNN-K1 is not among them.
    """
    references = {each.candidate: list(each.layers(rule).values())[-1] for each in evaluations}
    for name in (GLOBAL, LOCAL):
        if name not in references:
            raise MissingReference(f"the region needs an evaluation of {name}, trained as the candidates are")
    lowest, highest = references[GLOBAL], references[LOCAL]
    return TargetRegion(
        lowest.thresholds, lowest.normalised.tolist(), highest.normalised.tolist(), small_up_to, rise, scale
    )


def scores(
    evaluations: Sequence[Evaluation],
    small_up_to: float = SMALL_UP_TO,
    rise: float = RISE,
    layers: Layers = "last",
    scale: Scale = "linear",
    rule: str = "",
) -> pd.DataFrame:
    """Score candidates, and collect other possible predictors of their accuracy.

    Parameters
    ----------
    evaluations
        Evaluations on any data sets, with any seeds; each data set and seed has its own region.
    small_up_to, rise, scale
        Definition of the region, see `TargetRegion`.
    layers
        Score the ``"last"`` layer, which the head reads, or the ``"mean"`` of the scores of all layers.
    rule
        Rule of the clusters, as in `Evaluation.layers`.

    Returns
    -------
    DataFrame
        One row per evaluation: ``candidate``, ``origin``, ``dataset``, ``seed``, ``score`` (0 is best), ``height``
        (mean of the last layer's normalised CECV), ``val_mae``, ``mean_predictor_mae``, ``n_parameters``,
        ``one_epoch_loss`` (training loss of the first epoch), ``one_epoch_mae`` (validation MAE after it),
        ``reference`` (it spans the region), ``seconds``.

    Raises
    ------
    MissingReference
        If there is no evaluation of the LSTM or the DCNN-K1 for a data set and seed, or no evaluation at all.
    """
    if not evaluations:
        raise MissingReference("nothing was evaluated yet: python -m lgdcnn_core.companion.design runs the study")
    groups: dict[tuple[str, int], list[Evaluation]] = {}
    for each in evaluations:
        groups.setdefault((each.dataset, each.seed), []).append(each)
    rows = []
    for group in groups.values():
        target = region(group, small_up_to, rise, scale, rule)
        for each in group:
            curves = [found.normalised for found in each.layers(rule).values()]
            distances = [target.distance(curve) for curve in curves]
            rows.append(
                {
                    "candidate": each.candidate,
                    "origin": each.origin,
                    "dataset": each.dataset,
                    "seed": each.seed,
                    "score": distances[-1] if layers == "last" else sum(distances) / len(distances),
                    "height": float(curves[-1].mean()),
                    "val_mae": each.val_mae,
                    "mean_predictor_mae": each.mean_predictor_mae,
                    "n_parameters": each.n_parameters,
                    "one_epoch_loss": each.learning_curve["loss"][0],
                    "one_epoch_mae": each.learning_curve["val_error"][0],
                    "reference": each.candidate in (GLOBAL, LOCAL),
                    "seconds": sum(each.seconds.values()),
                }
            )
    return pd.DataFrame(rows)


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Return the means over seeds of a table from `scores`: one row per candidate and data set, without ``seed``."""
    names = ["dataset", "candidate", "origin", "reference"]
    return table.drop(columns="seed").groupby(names, sort=False).mean().reset_index()


def ranking(table: pd.DataFrame) -> pd.Series:
    """Return the mean score of each candidate over data sets and seeds, best first; references are left out.

    Parameters
    ----------
    table
        From `scores`.
    """
    return table[~table["reference"]].groupby("candidate")["score"].mean().sort_values(kind="stable")
