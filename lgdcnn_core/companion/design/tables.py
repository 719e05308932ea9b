"""Tabulate the design study: its networks, data sets, candidates, and definitions of the target region."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lgdcnn_core import models
from lgdcnn_core.companion.design.power import POOLED, PREDICTORS, predictive_power
from lgdcnn_core.companion.design.record import COMPLETE_LINKAGE, Evaluation
from lgdcnn_core.companion.design.region import RISE, SMALL_UP_TO
from lgdcnn_core.companion.design.scoring import GLOBAL, LOCAL, Layers, region, scores

_TRAINED = ["candidate", "dataset", "seed"]

PAPER, RANDOM, PROPOSED = "paper", "random", "proposed"
"""Origins of candidates; every round of proposals counts as proposed."""


def network_table() -> pd.DataFrame:
    """Tabulate the paper's networks (rows): the line of text that builds each, and its number of parameters."""
    sizes = [sum(each.numel() for each in models.build(name).parameters()) for name in models.CHAINS]
    return pd.DataFrame(
        {"spec": [chain.spec for chain in models.CHAINS.values()], "parameters": sizes},
        index=pd.Index(list(models.CHAINS), name="network"),
    )


def study_table(evaluations: Sequence[Evaluation]) -> pd.DataFrame:
    """Tabulate how candidates were trained on each data set (rows), and the compounds in their CECVs."""
    first: dict[str, Evaluation] = {}
    for each in evaluations:
        first.setdefault(each.dataset, each)
    rows = {
        name: {
            "networks": len({each.candidate for each in evaluations if each.dataset == name}),
            "epochs": one.recipe["epochs"],
            "batch size": one.recipe["batch_size"],
            "formulas": one.n_formulas,
            "in the CECV": list(one.layers().values())[-1].n_compounds,
            "minutes": sum(sum(each.seconds.values()) for each in evaluations if each.dataset == name) / 60,
        }
        for name, one in first.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def candidate_table(table: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the networks of a study, the nearest to the target region first.

    Parameters
    ----------
    table
        From `scores`; means are over its seeds.

    Returns
    -------
    DataFrame
        One row per network (index): ``origin``, ``parameters``, ``score`` (mean over data sets), the validation MAE on
        each data set, and the ``mean rank`` of these MAEs; 1 is best.
    """
    ranks = table.groupby(["dataset", "seed"])["val_mae"].rank()
    groups = table.assign(rank=ranks).groupby("candidate", sort=False)
    errors = table.pivot_table(index="candidate", columns="dataset", values="val_mae", sort=False)
    before = groups.agg(origin=("origin", "first"), parameters=("n_parameters", "first"), score=("score", "mean"))
    return before.join(errors).join(groups["rank"].mean().rename("mean rank")).sort_values("score", kind="stable")


def rank_table(table: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the mean ranks, over data sets, of the paper's networks and of candidates by origin.

    Parameters
    ----------
    table
        From `scores`; means are over its seeds. The references of the region are left out.

    Returns
    -------
    DataFrame
        Rows: each network of the paper, the most accurate first, then ``random`` and ``proposed`` networks together.
        ``networks``, ``rank by score``, ``rank by MAE``; 1 is best.
    """
    own = table[~table["reference"]]
    ranks = (
        own.groupby(["dataset", "seed"])[["score", "val_mae"]].rank().set_axis(["rank by score", "rank by MAE"], axis=1)
    )
    kinds = own["origin"].where(own["origin"].isin([PAPER, RANDOM]), PROPOSED)
    named = own["candidate"].where(kinds == PAPER, kinds + " networks")
    means = ranks.groupby(named).mean()
    means.insert(0, "networks", own.groupby(named)["candidate"].nunique())
    paper = means.index.isin(own.loc[kinds == PAPER, "candidate"])
    order = means.assign(group=~paper).sort_values(["group", "rank by MAE"], kind="stable").index
    return means.loc[order].rename_axis("candidate")


def above_global(evaluations: Sequence[Evaluation], small_up_to: float = SMALL_UP_TO) -> pd.DataFrame:
    """Tabulate how far the paper's networks lie above the global one at large thresholds, where the paper wants them.

    Parameters
    ----------
    evaluations
        Of one seed.
    small_up_to
        Largest threshold that is small.

    Returns
    -------
    DataFrame
        One row per network, one column per data set: the mean over the large thresholds of the last layer's normalised
        CECV minus that of the LSTM, in clusters per compound.
    """
    found = {}
    for dataset, curves in region_table(evaluations, small_up_to).items():
        large = curves[curves.index > small_up_to + 1e-9].drop(columns=["region from", "region to"])
        found[dataset] = large.sub(large[GLOBAL], axis="index").mean().drop(GLOBAL)
    return pd.DataFrame(found)


def region_table(
    evaluations: Sequence[Evaluation], small_up_to: float = SMALL_UP_TO, rise: float = RISE
) -> dict[str, pd.DataFrame]:
    """Tabulate the target region and the curves of the paper's networks, for each data set.

    Parameters
    ----------
    evaluations
        Of one seed.
    small_up_to, rise
        Of the region, see `TargetRegion`.

    Returns
    -------
    dict of str to DataFrame
        By data set: one row per threshold, with the normalised CECV of the last layer of each network of the paper, and
        ``region from`` and ``region to``.
    """
    tables = {}
    for dataset in dict.fromkeys(each.dataset for each in evaluations):
        on_set = [each for each in evaluations if each.dataset == dataset]
        target = region(on_set, small_up_to, rise)
        own = {each.candidate: list(each.layers().values())[-1].normalised for each in on_set if each.origin == PAPER}
        low, high = target.bounds()
        columns = {name: own[name] for name in models.CHAINS if name in own} | {"region from": low, "region to": high}
        tables[dataset] = pd.DataFrame(columns, index=pd.Index(target.thresholds, name="threshold"))
    return tables


def region_parts(table: pd.DataFrame) -> tuple[Any, ...]:
    """Take one table of `region_table` apart: thresholds, the references' curves, the region's bounds, other curves."""
    curves = {str(name): table[name].tolist() for name in table.columns if not str(name).startswith("region ")}
    references = {f"{name} ({kind})": curves.pop(name) for name, kind in ((GLOBAL, "global"), (LOCAL, "local"))}
    return table.index.tolist(), references, (table["region from"].tolist(), table["region to"].tolist()), curves


def power_table(power: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the rank correlations of all predictors (rows) over all data sets together, with their intervals.

    Parameters
    ----------
    power
        From `predictive_power`.

    Returns
    -------
    DataFrame
        Two groups of columns: ``rho`` with its interval, and how far the CECV score is ``ahead`` of the predictor.
    """
    pooled = power[power["dataset"] == POOLED].set_index("predictor").rename(index=PREDICTORS)
    groups = {"rho": ["rho", "low", "high"], "score ahead by": ["ahead", "ahead_low", "ahead_high"]}
    parts = {name: pooled[columns].set_axis(["", "from", "to"], axis=1) for name, columns in groups.items()}
    return pd.concat(parts, axis=1)


def definition_table(
    evaluations: Sequence[Evaluation],
    small_up_to: float = SMALL_UP_TO,
    rise: float = RISE,
    layers: Layers = "last",
    seed: int = 0,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Tabulate the rank correlation of the score with the validation MAE for several definitions of the region.

    Parameters
    ----------
    evaluations, small_up_to, rise, layers
        As in `scores`: our definition, which the other definitions vary.
    seed, n_resamples
        As in `predictive_power`.

    Returns
    -------
    DataFrame
        One row per definition, among them the clusters by complete linkage, of the evaluations that have them; then two
        descriptions of the curve that need no region; one column per data set, and
        one for all together. Spearman's rho with its 95 % interval, as text.
    """
    ours = {"small_up_to": small_up_to, "rise": rise, "layers": layers}
    variants = {
        "ours": ours,
        "no rise": ours | {"rise": 0.0},
        "rise 0.5": ours | {"rise": 0.5},
        "small up to 0.1": ours | {"small_up_to": 0.1},
        "small up to 0.3": ours | {"small_up_to": 0.3},
        "logarithms of the curves": ours | {"scale": "log"},
        "mean over all layers": ours | {"layers": "mean"},
    }
    wide = scores(evaluations, **ours)  # type: ignore[arg-type]
    for name, definition in variants.items():
        wide[name] = scores(evaluations, **definition)["score"]  # type: ignore[arg-type]
    if with_both := [each for each in evaluations if each.complete_linkage is not None]:
        for layer, name in (("last", ""), ("mean", ", mean over all layers")):
            found = scores(with_both, **ours | {"layers": layer}, rule=COMPLETE_LINKAGE)  # type: ignore[arg-type]
            scored = found[[*_TRAINED, "score"]].rename(columns={"score": f"clusters by complete linkage{name}"})
            wide = wide.merge(scored, how="left", on=_TRAINED)
            variants |= {scored.columns[-1]: {}}
    of_global = wide[wide["candidate"] == GLOBAL].set_index(["dataset", "seed"])["height"]
    wide["height of the curve"] = wide["height"]
    theirs = of_global.loc[pd.MultiIndex.from_frame(wide[["dataset", "seed"]])].to_numpy()
    wide["distance to the LSTM's height"] = (wide["height"] - theirs).abs()
    others = [*variants, "height of the curve", "distance to the LSTM's height"]
    power = predictive_power(wide, seed, others, n_resamples)
    texts = [f"{row.rho:+.2f} ({row.low:+.2f} to {row.high:+.2f})" for row in power.itertuples()]
    wide_texts = power.assign(text=texts).pivot_table("text", "predictor", "dataset", aggfunc="first", sort=False)
    return wide_texts.rename_axis("definition").rename_axis(columns=None)
