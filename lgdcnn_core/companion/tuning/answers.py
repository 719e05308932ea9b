"""The study's results in sentences, each computed from its records."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lgdcnn_core import benchmarks, models, training
from lgdcnn_core.companion.tuning.comparison import (
    BETTER,
    CHANCE,
    DIVERGED,
    LEVEL,
    UNJUDGED,
    WORSE,
    Metric,
    compare,
    seed_noise,
)
from lgdcnn_core.companion.tuning.trials import BASELINE, TRIALS
from lgdcnn_core.companion.wording import counted


def findings(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> list[str]:
    """Summarise the study: how much was tried, and which trials differ from the baseline by more than seeds do.

    Parameters
    ----------
    table
        From `load_trials`, of one store.
    baseline, metric
        As in `compare`.
    """
    if table.empty:
        return ["There is no record of the study: `python -m lgdcnn_core.companion.tuning` makes them."]
    compared = compare(table, baseline, metric)
    groups = {verdict: rows["trial"].tolist() for verdict, rows in compared.groupby("verdict")}
    judged = [len(groups.get(verdict, [])) for verdict in (BETTER, WORSE, CHANCE)]
    said = [
        f"{counted(len(table), 'training')} of {counted(table['trial'].nunique(), 'trial')} on "
        f"{counted(table['dataset'].nunique(), 'data set')} took {table['seconds'].sum() / 3600:.1f} hours; none "
        "read a test part.",
        f"Beyond the differences between seeds, the validation MAE is lower than that of `{baseline}` in "
        f"{_listed(groups.get(BETTER, []))} and higher in {_listed(groups.get(WORSE, []))}; we could not distinguish "
        f"{counted(judged[2], 'other')}.",
    ]
    if diverged := groups.get(DIVERGED):
        said.append(f"Trainings diverged in {_listed(diverged)}.")
    return [*said, *_fast_today()]


def certainty(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> list[str]:
    """Say how much the seed alone changes the MAE, and how many verdicts chance would give; see `findings`."""
    compared = compare(table, baseline, metric)
    judged = int(compared["verdict"].isin([BETTER, WORSE, CHANCE]).sum())
    noise = seed_noise(table, baseline, metric)
    said = []
    if noise.degrees:
        said += [
            f"Two trainings of `{baseline}` that differ in their seed alone have MAEs a factor of "
            f"{np.exp(noise.sd):.3f} apart (standard deviation of the log ratio, "
            f"{counted(noise.degrees, 'degree')} of freedom).",
            f"We judged {counted(judged, 'trial')}. If none of them changed anything, chance would still put "
            f"{(1 - LEVEL) * judged:.1f} outside the grey band.",
        ]
    if unjudged := compared.loc[compared["verdict"] == UNJUDGED, "trial"].tolist():
        said.append(
            "Not judged, since no training of the baseline pairs with them or its seeds are too few: "
            f"{_listed(unjudged)}."
        )
    return said


def mixture_decision(wide: pd.DataFrame, starts: Sequence[str]) -> str:
    """Say whether our rule combines networks of two starts, that is, whether one of the second helps two of the first.

    Parameters
    ----------
    wide
        From `mixture_table`.
    starts
        Names of the two trials.
    """
    alone, mixed = (3, 0), (2, 1)
    ratios = (wide[mixed] / wide[alone]).dropna() if {alone, mixed} <= set(wide) else pd.Series(dtype=float)
    if len(ratios) < len(benchmarks.few_compounds()):
        return "**Not decided**: some sets lack three seeds of both."
    mean = float(np.exp(np.log(ratios).mean()))
    span = f"{ratios.min():.3f} to {ratios.max():.3f}; lower on {(ratios < 1).sum()}"
    return (
        f"Two networks of `{starts[0]}` with one of `{starts[1]}` have a validation MAE **{mean:.4f}** times that of "
        f"three of the former (geometric mean of {len(ratios)} sets, {span}). By the rule we "
        f"**{'combine' if mean < 1 else 'do not combine'}** networks of both."
    )


def _fast_today() -> list[str]:
    """Name the trials whose values the fast recipe has today."""
    few = training.FAST.sized(1)
    today, start = few.as_dict(), training.FIRST_FAST.as_dict()
    changed = [
        f"`{name}` ({start[name]}, now {today[name]})"
        for name in start
        if name != "name" and today[name] != start[name]
    ]
    return [
        f"The fast recipe has the values of {_listed(_same(few))}, and for networks with transformer layers those of "
        f"{_listed(_same(few, transformers=True))}. Since the study began it has changed in "
        f"{', '.join(changed) or 'nothing'}.",
        *(
            f"For more than {many:,} compounds it has those of {_listed(_same(training.FAST.sized(many + 1)))}."
            for many in training.LENGTHS
        ),
    ]


def _same(recipe: training.Recipe, transformers: bool = False) -> list[str]:
    """Name the trials of a network of this kind that have the values of a recipe."""
    found = []
    for name, each in TRIALS.items():
        network = models.chain(each.model)
        plain = network in models.CHAINS.values() and each.setting == "exact" and each.elements == "mat2vec"
        if plain and network.has_transformers == transformers:
            found += [name] * (recipe.differing(each.recipe().as_dict(), transformers) == ["name"])
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
