"""Claim of the paper: the one CECV that it prints. Our claim: counts do not depend on the order of compounds."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lgdcnn_core import benchmarks
from lgdcnn_core.cecv import CECV, THRESHOLDS, Band, distances
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict
from lgdcnn_core.companion.readings import Environments, ReadingSpec
from lgdcnn_core.companion.readings.environments import RowOrder
from lgdcnn_core.companion.wording import rule_name, span
from lgdcnn_core.training import PAPER

PRINTED = "The printed CECV of silicon in L-G-DCNN's last layer"

NO_ORDER = "A layer's CECV does not depend on the order of the compounds"

CLAIMS: dict[str, Literal["paper", "project"]] = {PRINTED: "paper", NO_ORDER: "project"}
"""The claims judged here, and who makes each."""

NOTEBOOK = "05_cecv"


def printed_vector(ours: CECV, published: ArrayLike, bands: Sequence[Band], training: str) -> Verdict:
    """Judge the one CECV that the paper prints, of L-G-DCNN's last layer for silicon.

    Parameters
    ----------
    ours
        Our CECV of that layer and element.
    published
        The published counts, (T,), of compounds whose number was not published.
    bands
        Bands around our counts: each explains the published counts that it holds. The last one gives our intervals.
    training
        How our network was trained, in words.

    Returns
    -------
    Verdict
        Its numbers are the counts, one for each threshold. "Reproduced" if they equal the published ones; "within what
        seeds and test compounds leave open" if a band holds every published count, "not reproduced" if no band holds
        any, else "in part".
    """
    paper = np.asarray(published, dtype=np.intp)
    ratio = ours.counts / paper
    held = np.any([(band.low <= paper) & (paper <= band.high) for band in bands], axis=0)
    ends = zip(ours.counts, bands[-1].low, bands[-1].high, strict=True)
    return Verdict(
        claim=PRINTED,
        by="paper",
        tested=f"{ours.n_compounds} compounds; {training}",
        quantity=f"clusters at the thresholds {', '.join(f'{each:g}' for each in ours.thresholds)}",
        published=tuple(paper.astype(float).tolist()),
        ours=tuple(
            Estimate(float(count), ours.n_compounds, "compound", float(low), float(high)) for count, low, high in ends
        ),
        outcome=_outcome(held, bool((ours.counts == paper).all())),
        sentence=f"By {training}, our counts are {span(ratio.min(), ratio.max(), '.2f')} times the published ones.",
        notebook=NOTEBOOK,
        form=".0f",
        detail=f"The published count lies within our bands at {held.sum()} of {len(paper)} thresholds.",
    )


def order_of_compounds(band: Band) -> Verdict:
    """Judge whether the counts stay the same when the compounds are shuffled.

    Parameters
    ----------
    band
        From `cecv.shuffle_band`.

    Returns
    -------
    Verdict
        Its numbers are the smallest and the largest width of the band, by threshold, in percent of the mean count:
        "reproduced" if the band has no width at any threshold, "not reproduced" if it has some width at all of them.
    """
    mean, n = band.replicates.mean(axis=0), len(band.replicates)
    width, place = 100 * (band.high - band.low) / mean, 100 * (band.cecv.counts / mean - 1)
    return Verdict(
        claim=NO_ORDER,
        by="project",
        tested=f"{band.cecv.n_compounds} compounds in {n} orders, {rule_name(band.cecv.rule)} rule",
        quantity="width of the band over orders, % of the mean count: narrowest and widest threshold",
        published=(),
        ours=tuple(Estimate(float(each), n, "order") for each in (width.min(), width.max())),
        outcome=(Outcome.NOT_REPRODUCED if width.all() else Outcome.IN_PART) if width.any() else Outcome.REPRODUCED,
        sentence=(
            f"Shuffling spreads the counts of the {rule_name(band.cecv.rule)} rule over "
            f"{span(width.min(), width.max(), '.0f')} % of their mean."
        ),
        notebook=NOTEBOOK,
        form=".0f",
        detail=(
            f"That is the middle {100 * band.level:g} % of {n} orders; the order of the file lies "
            f"{span(place.min(), place.max(), '+.0f')} % from the mean."
        ),
    )


def printed_counts(spec: ReadingSpec, layer: str) -> NDArray[np.intp] | None:
    """Return the counts that the paper prints for a reading's layer, (T,); None if it prints none for that layer."""
    printed = benchmarks.published("lgdcnn_paper_cecv").set_index(["dataset", "part", "element", "model", "layer"])
    case = (spec.run.dataset, spec.part, spec.element, spec.run.model, layer)
    return printed["clusters"].loc[[case]].to_numpy() if case in printed.index else None


def verdicts(reading: Environments, layer: str, bands: Sequence[Band]) -> list[Verdict]:
    """Return the verdicts on a reading: on the printed vector, if it belongs to this layer, and on the order.

    Parameters
    ----------
    reading
        Environments of an element in a network's layers.
    layer
        The layer.
    bands
        From `cecv.shuffle_band`, by the scan-order rule, and from `cecv.subsample_band`.
    """
    spec = reading.record.spec
    published = printed_counts(spec, layer)
    share = "all" if spec.run.train_fraction == 1 else f"{100 * spec.run.train_fraction:g} % of the"
    other = "" if (spec.run.recipe, spec.run.setting) == (PAPER.name, "published") else ", not the paper's,"
    length = "" if spec.run.epochs is None else f" for {spec.run.epochs} epochs"
    training = f"the {spec.run.recipe} recipe{other}{length} on {share} training rows"
    found = [order_of_compounds(bands[0])]
    return found if published is None else [printed_vector(reading.cecv(layer), published, bands, training), *found]


def rule_table(
    shuffled: Mapping[str, Band], published: ArrayLike | None = None, ordered: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Tabulate the counts of each clustering rule, and their range when the compounds are shuffled.

    Parameters
    ----------
    shuffled
        From `cecv.shuffle_band`, by rule.
    published
        The published counts, (T,).
    ordered
        From `row_orders`.

    Returns
    -------
    DataFrame
        One row per threshold. Columns of two levels: the paper's counts, if given; for each rule ``count``, and as text
        ``shuffled``, which is left out where the order changes nothing; the counts with rows in other orders, if given.
    """
    columns: dict[tuple[str, str], Any] = {}
    if published is not None:
        columns["the paper", "count"] = np.asarray(published)
    for rule, band in shuffled.items():
        columns[f"{rule_name(rule)} rule", "count"] = band.cecv.counts
        if (band.low < band.high).any():
            columns[f"{rule_name(rule)} rule", "shuffled"] = [
                span(low, high, ".0f") for low, high in zip(band.low, band.high, strict=True)
            ]
    if ordered is not None:
        columns |= {("scan-order rule, rows by", str(order)): counts.to_numpy() for order, counts in ordered.items()}
    thresholds = next(iter(shuffled.values())).cecv.thresholds
    return pd.DataFrame(columns, index=pd.Index(thresholds, name="threshold"))


def row_orders(reading: Environments, layer: str) -> pd.DataFrame:
    """Count the clusters of a layer's EFMs with their rows in other orders than by amount, by the scan-order rule.

    Returns
    -------
    DataFrame
        One row per threshold; one column per order.
    """
    others = get_args(RowOrder)[1:]
    counted = {each: CECV.from_efms(reading.efms(layer, each), THRESHOLDS, "published").counts for each in others}
    return pd.DataFrame(counted, index=pd.Index(THRESHOLDS, name="threshold"))


def shape(ours: CECV, published: ArrayLike) -> str:
    """Give the paper's own measures of how alike the shapes of our CECV and a published one are."""
    paper = np.asarray(published, dtype=np.intp)
    as_cecv = CECV(ours.thresholds, (0,), paper[:, None], ours.compounds_by_size.sum(keepdims=True), ours.rule)
    apart = distances({"paper": as_cecv, "ours": ours}).xs(("paper", "ours"))
    return (
        f"The paper's own measures of shape, for our CECV and the published one: Jensen-Shannon divergence "
        f"{apart['jensen_shannon']:.3f} bits, cosine {apart['cosine']:.3f}, Pearson {apart['pearson']:.3f}."
    )


def rules(by_rule: Mapping[str, CECV], published: ArrayLike | None = None, standard: str = "published") -> str:
    """Say how the counts of the clustering rules compare, for the same EFMs; and their shape with published counts."""
    counts = by_rule[standard].counts
    ratios = {name: vector.counts / counts for name, vector in by_rule.items() if name != standard}
    said = [
        f"the {rule_name(name)} rule finds {span(ratio.min(), ratio.max(), '.2f')} times"
        for name, ratio in ratios.items()
    ]
    found = f"For the same EFMs, {' and '.join(said)} as many clusters as the {rule_name(standard)} rule."
    if rising := int((np.diff(counts) > 0).sum()):
        found += (
            f" The count of that rule rises with the threshold at {rising} of {len(counts) - 1} steps, where one "
            "expects it to fall."
        )
    return found if published is None else f"{found} {shape(by_rule[standard], published)}"


def _outcome(held: NDArray[np.bool_], same: bool) -> Outcome:
    if same:
        return Outcome.REPRODUCED
    if held.all():
        return Outcome.OPEN
    return Outcome.IN_PART if held.any() else Outcome.NOT_REPRODUCED
