"""Claims of the paper: the local network has the highest CECV, the global one the lowest; the fusion lies between."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lgdcnn_core.cecv import CECV
from lgdcnn_core.companion.claims.evidence import published_errors
from lgdcnn_core.companion.claims.verdict import Outcome, Verdict, share_of, untested
from lgdcnn_core.companion.design import TargetRegion
from lgdcnn_core.companion.wording import place, three_decimals

LOCAL, GLOBAL, FUSION = "DCNN-K1", "LSTM", "L-G-DCNN"
"""The paper's local network, its global one, and its fusion of the two."""

NOTEBOOK = "05_cecv"

Panels = Mapping[Any, Mapping[str, CECV]]
"""CECVs of the last layers by network, for each case: a data set and an element."""


def verdicts(panels: Panels) -> list[Verdict]:
    """Return the verdicts of `highest_and_lowest` and of `nearest`."""
    return [*highest_and_lowest(panels), nearest(distances(panels))]


def training_table(records: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Tabulate the test MAE of the networks that were read, beside the published ones.

    Parameters
    ----------
    records
        From `runs.load_records`.
    keys
        Keys of the networks' runs.

    Returns
    -------
    DataFrame
        One row per data set (with its unit) and number of ``training rows``, texts: one column per network, and two
        columns with the paper's numbers, after 300 epochs on all rows.
    """
    own = records[records["key"].isin(keys)].drop_duplicates("key")
    errors = own.pivot_table("mae", ["dataset", "n_train"], "model", sort=False)
    published = published_errors(errors.index.unique("dataset").tolist())[[FUSION, "CrabNet"]]
    table = errors.join(published.add_suffix(" (the paper)"), on="dataset").map(three_decimals, na_action="ignore")
    table = table.rename(index=place, level="dataset").rename(index="{:,}".format, level="n_train")
    return table.rename_axis(index=["data set", "training rows"], columns=None).fillna("-")


def highest_and_lowest(panels: Panels, local: str = LOCAL, global_: str = GLOBAL) -> list[Verdict]:
    """Judge whether the local network has the highest CECV, and whether the global one has the lowest.

    Parameters
    ----------
    panels
        CECVs of the networks.
    local, global_
        The local network and the global one.

    Returns
    -------
    list of Verdict
        Two. Each counts the cases in which the mean over the thresholds is the highest (the lowest), with Wilson's
        interval: "reproduced" in all cases, "not reproduced" in none, else "in part".
    """
    claims = f"The local network ({local}) has the highest CECV", f"The global network ({global_}) has the lowest CECV"
    if not panels:
        return [untested(claim, "paper", "There is no reading of all networks.", NOTEBOOK) for claim in claims]
    means = pd.DataFrame(
        [{model: vector.normalised.mean() for model, vector in each.items()} for each in panels.values()]
    )
    n, highest, lowest = len(means), means.idxmax(axis=1), means.idxmin(axis=1)
    above = sum(bool((each[local].normalised > each[global_].normalised).all()) for each in panels.values())
    first, last = int((highest == local).sum()), int((lowest == global_).sum())
    return [
        _verdict(
            claims[0],
            first,
            n,
            f"{local} has the highest CECV in {first} of {n} cases{_most_often(highest, local)}.",
            f"It lies above {global_} at every threshold in {above}.",
        ),
        _verdict(
            claims[1], last, n, f"{global_} has the lowest CECV in {last} of {n} cases{_most_often(lowest, global_)}."
        ),
    ]


def regions(panels: Panels) -> dict[Any, TargetRegion]:
    """Return the paper's target region of each case, between the curves of the global network and the local one."""
    return {
        case: TargetRegion(each[GLOBAL].thresholds, each[GLOBAL].normalised.tolist(), each[LOCAL].normalised.tolist())
        for case, each in panels.items()
    }


def by_depth(layers: Mapping[tuple[str, str], Mapping[str, CECV]]) -> str:
    """Say for each network on how many data sets its last layer has a lower CECV than its first.

    Parameters
    ----------
    layers
        CECVs by layer, in the order of the layers, by (network, data set).
    """
    falls: dict[str, list[bool]] = {}
    for (model, _), each in layers.items():
        means = [vector.normalised.mean() for vector in each.values()]
        falls.setdefault(model, []).append(bool(means[-1] < means[0]))
    said = (f"{model}'s CECV on {sum(found)} of {len(found)} data sets" for model, found in falls.items())
    return f"From the first layer to the last, depth lowers {' and '.join(said)}."


def distances(panels: Panels) -> pd.DataFrame:
    """Return the distance of each other network (rows) from the target region of each case (columns), for `nearest`."""
    region = regions(panels)
    found = {
        case: {model: region[case].distance(vector.normalised) for model, vector in each.items()}
        for case, each in panels.items()
    }
    return pd.DataFrame(found).drop(index=[LOCAL, GLOBAL], errors="ignore")


def nearest(away: pd.DataFrame, fusion: str = FUSION) -> Verdict:
    """Judge whether the fusion of both networks comes nearest to the paper's target region.

    Parameters
    ----------
    away
        Distances from the region: one row per network, one column per case.
    fusion
        The fusion.
    """
    claim = f"The fusion ({fusion}) comes nearest to the target region"
    if away.empty:
        return untested(claim, "paper", "There is no reading of all networks.", NOTEBOOK)
    first, inside = away.idxmin(), int((away == 0).to_numpy().sum())
    wins, n = int((first == fusion).sum()), away.shape[1]
    lies = f"{inside} curve{' lies' if inside == 1 else 's lie'}" if inside else "No curve lies"
    return _verdict(
        claim,
        wins,
        n,
        f"{fusion} comes nearest in {wins} of {n} cases{_most_often(first, fusion)}.",
        f"{lies} in the region altogether.",
    )


def _most_often(winners: "pd.Series[Any]", claimed: str) -> str:
    """Name the network that wins most often, unless it is the one that is claimed to."""
    return "" if winners.mode()[0] == claimed else f" (mostly {winners.mode()[0]})"


def _verdict(claim: str, cases: int, n: int, sentence: str, detail: str = "") -> Verdict:
    outcome = Outcome.IN_PART
    if cases == n:
        outcome = Outcome.REPRODUCED
    elif cases == 0:
        outcome = Outcome.NOT_REPRODUCED
    return Verdict(
        claim=claim,
        by="paper",
        tested=f"{n} cases: data sets and elements",
        quantity="cases in which it is so",
        published=(),
        ours=(share_of(cases, n, "case"),),
        outcome=outcome,
        sentence=sentence,
        notebook=NOTEBOOK,
        form=".2g",
        detail=detail,
    )
