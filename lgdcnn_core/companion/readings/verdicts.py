"""What CECVs say, computed and put into words: of networks beside one another, of the rules, of the paper's numbers."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lgdcnn_core.cecv import CECV, Band, distances

Panels = Mapping[Hashable, Mapping[str, CECV]]
"""CECVs by network, for each data set and element."""


def local_and_global(panels: Panels, local: str, global_: str) -> str:
    """Say whether the local network's curve is the highest and the global one's the lowest, as the paper has it."""
    means = pd.DataFrame(
        [{model: vector.normalised.mean() for model, vector in each.items()} for each in panels.values()]
    )
    n = len(means)
    highest, lowest = means.idxmax(axis=1), means.idxmin(axis=1)
    above = sum(bool((each[local].normalised > each[global_].normalised).all()) for each in panels.values())
    return (
        f"The mean over the thresholds is the highest for the local network in **{(highest == local).sum()} of {n}** "
        f"cases (most often for {highest.mode()[0]}), and the lowest for the global one in "
        f"**{(lowest == global_).sum()} of {n}** (most often for {lowest.mode()[0]}). The local network's curve is "
        f"above the global one's at every threshold in {above} of {n}."
    )


def nearest(away: pd.DataFrame, fusion: str) -> str:
    """Say which networks are nearest to the target region; `away`: a row a network, a column a case."""
    first, inside = away.idxmin(), (away == 0).to_numpy().sum()
    return (
        f"{fusion} is the nearest to the target region in **{(first == fusion).sum()} of {away.shape[1]}** cases; most "
        f"often it is {first.mode()[0]}. "
        + ("None of the curves lies in it altogether." if not inside else f"{inside} curves lie in it altogether.")
    )


def order_matters(band: Band) -> str:
    """Say how much a count moves when the compounds are shuffled; `band` from `cecv.shuffle_band`."""
    mean = band.replicates.mean(axis=0)
    width, place = 100 * (band.high - band.low) / mean, 100 * (band.cecv.counts / mean - 1)
    return (
        f"Shuffling the compounds moves the count of the rule {band.cecv.rule!r}: the middle {100 * band.level:g} % of "
        f"{len(band.replicates)} orders is **{width.min():.0f} to {width.max():.0f} %** of the mean count wide, by "
        f"threshold ({width.mean():.0f} % on average). The order of the file lies {place.min():+.0f} to "
        f"{place.max():+.0f} % from that mean."
    )


def rule_matters(by_rule: Mapping[str, CECV], standard: str = "published") -> str:
    """Say how the counts of the rules compare, for the same EFMs."""
    counts = by_rule[standard].counts
    ratios = {name: vector.counts / counts for name, vector in by_rule.items() if name != standard}
    said = [f"{name} has {ratio.min():.2f} to {ratio.max():.2f} times" for name, ratio in ratios.items()]
    rising = int((np.diff(counts) > 0).sum())
    return f"Of the same EFMs, {' and '.join(said)} the clusters of the rule {standard!r}." + (
        f" That rule's count rises with the threshold at {rising} of {len(counts) - 1} steps, where one expects a fall."
        if rising
        else ""
    )


def beside_published(ours: CECV, published: ArrayLike, bands: Sequence[Band], training: str) -> str:
    """Set our CECV beside a published one.

    Parameters
    ----------
    ours
        Ours.
    published
        The published counts, (T,), of compounds whose number was not published.
    bands
        Bands about ours: a published count within any of them is explained by it.
    training
        How our network was trained, in words.
    """
    paper = np.asarray(published, dtype=np.intp)
    ratio = ours.counts / paper
    as_cecv = CECV(ours.thresholds, (0,), paper[:, None], ours.compounds_by_size.sum(keepdims=True), ours.rule)
    apart = distances({"paper": as_cecv, "ours": ours}).xs(("paper", "ours"))
    within = np.any([(band.low <= paper) & (paper <= band.high) for band in bands], axis=0).sum()
    return (
        f"Published: {', '.join(map(str, paper))}. Ours: **{', '.join(map(str, ours.counts))}**, of {ours.n_compounds} "
        f"compounds; that is {ratio.min():.2f} to {ratio.max():.2f} times the published counts. By the paper's own "
        f"measures: Jensen-Shannon divergence {apart['jensen_shannon']:.3f} bits, cosine {apart['cosine']:.3f}, "
        f"Pearson {apart['pearson']:.3f}. The published count lies within our bands at {within} of {len(paper)} "
        f"thresholds. Our network ({training}) is not the paper's, so this repeats its way of counting, not its "
        "training."
    )


def order_of_layers(order: pd.DataFrame, by_chance: Mapping[str, float], element: str) -> list[str]:
    """Say what `Embeddings.order` says, layers from the first to the last; `element` names the focus element."""
    inside = order.dropna()
    first, last = inside.iloc[0], inside.iloc[-1]
    groups, kinds = order["same_group"], inside["same_environment"]
    sound = last["same_group"] > by_chance["same_group"] and last["same_environment"] > by_chance["same_environment"]
    return [
        f"Of an element's nearest neighbours, {groups.iloc[0]:.0%} are of its group in the layer {order.index[0]!r} "
        f"and {last['same_group']:.0%} in {last.name!r} (by chance {by_chance['same_group']:.0%}).",
        f"Of the nearest neighbours of {element} in a compound, {first['same_environment']:.0%} are in the same kind "
        f"of environment in {first.name!r} and {last['same_environment']:.0%} in {last.name!r} (by chance "
        f"{by_chance['same_environment']:.0%}); the most, {kinds.max():.0%}, in {kinds.idxmax()!r}.",
        f"The nearest compounds' mean target is off by {first['neighbour_error']:.2f} of the mean absolute deviation "
        f"in {first.name!r}, and by {last['neighbour_error']:.2f} in {last.name!r}.",
        "The paper shows such maps as pictures, without numbers to compare with, and of a network that was trained for "
        "300 epochs on all rows. What can be checked is whether elements of a group, and environments of a kind, lie "
        f"together here as well: in {last.name!r} they {'do' if sound else 'do not'}, more than by chance.",
    ]
