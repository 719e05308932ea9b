"""Claim of the paper: pictures of its layers show that the fusion comprehends more than the networks it fuses."""

from collections.abc import Mapping

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.claims.local_layers import FUSION
from lgdcnn_core.companion.claims.verdict import Outcome, Verdict, judge, share_of, untested
from lgdcnn_core.companion.readings import Environments, order
from lgdcnn_core.companion.runs import metrics
from lgdcnn_core.companion.wording import counted, listed

CLAIM = "Visualisation shows that fusion enhances comprehension"

PARTS = ("LSTM", "DCNN", "DCNN-K1", "L-DCNN")
"""The networks that L-G-DCNN is built from, each trained alone."""

NOTEBOOK = "07_embeddings"

Shares = Mapping[tuple[str, str], Mapping[str, pd.DataFrame]]
"""From `order.shares_by_compound`, by case (a data set and an element) and network."""


def shares(readings: Mapping[tuple[str, str, str], Environments]) -> dict[tuple[str, str], dict[str, pd.DataFrame]]:
    """Return the purity of each compound's neighbours, for each case for which the fusion and all parts were read.

    Parameters
    ----------
    readings
        By data set, element and network.
    """
    wanted = (FUSION, *PARTS)
    cases = dict.fromkeys((dataset, element) for dataset, element, _ in readings)
    return {
        case: {model: order.shares_by_compound(readings[*case, model]) for model in wanted}
        for case in cases
        if all((*case, model) in readings for model in wanted)
    }


def differences(found: Shares) -> pd.DataFrame:
    """Compare the last layer of the fusion with that of each part, case by case, on the same compounds.

    Parameters
    ----------
    found
        From `shares`.

    Returns
    -------
    DataFrame
        One row per part and case: ``part``, ``dataset`` and its ``label``, ``element``, ``fusion`` and ``alone``
        (mean shares), ``difference`` (fusion minus part) with its paired bootstrap interval over compounds, ``low`` and
        ``high``, and ``n`` (compounds). The interval does not cover the training: another seed is another network.
    """
    rows = []
    for part in PARTS:
        for (dataset, element), tables in found.items():
            fused, alone = (tables[model].iloc[:, -1] for model in (FUSION, part))
            apart = (fused - alone).dropna().to_numpy(dtype=float)
            low, high = metrics.mean_interval(apart)
            rows.append(
                {"part": part, "dataset": dataset, "label": benchmarks.card(dataset).label, "element": element}
                | {"fusion": fused.mean(), "alone": alone.mean()}
                | {"difference": apart.mean(), "low": low, "high": high, "n": len(apart)}
            )
    return pd.DataFrame(rows)


def between_purest(found: Shares) -> "pd.Series[float]":
    """Return the mean difference over the cases between the purest layers of the fusion and of each part (index).

    It favours the fusion, which has the most layers to choose from.
    """
    purest = pd.DataFrame(
        {case: {model: each.mean().max() for model, each in tables.items()} for case, tables in found.items()}
    )
    return (purest.loc[FUSION] - purest.loc[list(PARTS)]).mean(axis=1)


def of_readings(readings: Mapping[tuple[str, str, str], Environments]) -> tuple[Verdict, pd.DataFrame]:
    """Return the verdict on readings, and the `differences` behind it."""
    found = shares(readings)
    if not found:
        return untested(CLAIM, "paper", f"There is no reading of {FUSION} and all its parts.", NOTEBOOK), pd.DataFrame()
    last = differences(found)
    return verdict(last, between_purest(found)), last


def verdict(last: pd.DataFrame, purest: "pd.Series[float]") -> Verdict:
    """Judge whether environments are purer in the last layer of the fusion than in that of each of its parts.

    Parameters
    ----------
    last
        From `differences`.
    purest
        From `between_purest`.

    Returns
    -------
    Verdict
        Its numbers count for each part the cases in which the fusion is purer, beyond the choice of compounds, with
        Wilson's interval. A part is judged by the cases that their compounds decide: the fusion is above it if the
        interval of the share in which the fusion is purer lies above one half. "Reproduced" if the fusion is above
        every part, "in part" if above some, "not reproduced" if above none and below some; otherwise left open.
    """
    counts = tally(last)
    n = int(counts["cases"].iloc[0])
    said = [f"{part}'s in {row['purer']} ({row['less pure']})" for part, row in counts.iterrows()]
    said[0] = said[0].replace(" (", f" of {counted(n, 'case')} (less pure in ")
    above = counts["outcome"].tolist().count(Outcome.REPRODUCED)
    mean = last.groupby("part", sort=False)["difference"].mean()
    return Verdict(
        claim=CLAIM,
        by="paper",
        tested=f"{counted(n, 'case')}: data sets and elements, last layers",
        quantity=f"cases in which environments are purer in {FUSION} than in {', '.join(counts.index)}",
        published=(),
        ours=tuple(share_of(int(purer), n, "case") for purer in counts["purer"]),
        outcome=_outcome(counts["outcome"].tolist()),
        sentence=(
            f"Environments in {FUSION}'s last layer are purer than in the last layer of {above} of its "
            f"{len(counts)} parts."
        ),
        notebook=NOTEBOOK,
        form=".2g",
        detail=(
            f"They are purer than {listed(said)}. The mean differences are "
            f"{listed([f'{100 * value:+.1f} ({part})' for part, value in mean.items()])} "
            "percentage points. Between the purest layers, which favours deep networks, they are "
            f"{listed([f'{100 * purest[part]:+.1f}' for part in mean.index])}."
        ),
    )


def tally(last: pd.DataFrame) -> pd.DataFrame:
    """Count the cases in which the fusion is purer and less pure, and judge it against each part (index).

    Parameters
    ----------
    last
        From `differences`.

    Returns
    -------
    DataFrame
        ``purer``, ``less pure`` (the interval decides), ``cases`` and ``outcome``.
    """
    rows = {}
    for part, cases in last.groupby("part", sort=False):
        purer, less = int((cases["low"] > 0).sum()), int((cases["high"] < 0).sum())
        decided = purer + less
        outcome = judge(share_of(purer, decided, "case"), decided / 2, "above") if decided else Outcome.OPEN
        rows[part] = {"purer": purer, "less pure": less, "cases": len(cases), "outcome": outcome}
    return pd.DataFrame.from_dict(rows, orient="index")


def most_and_least(by_network: pd.DataFrame, element: str, dataset: str) -> str:
    """Name the networks whose last layers are the purest and the least pure, from `order.of_networks`."""
    last = by_network.groupby("network", sort=False)["share"].last()
    null = by_network["null"].mean()
    return (
        f"{element} in {dataset}: environments are purest in the last layer of {last.idxmax()} ({100 * last.max():.0f} "
        f"%) and least pure in that of {last.idxmin()} ({100 * last.min():.0f} %; by chance {100 * null:.0f} %)"
    )


def _outcome(of_parts: list[Outcome]) -> Outcome:
    above, below = (of_parts.count(each) for each in (Outcome.REPRODUCED, Outcome.NOT_REPRODUCED))
    if above == len(of_parts):
        return Outcome.REPRODUCED
    if above:
        return Outcome.IN_PART
    return Outcome.NOT_REPRODUCED if below else Outcome.OPEN
