"""Agreement with published numbers, as numbers and in words."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.figures.cells import and_validation_data
from lgdcnn_core.companion.figures.style import unit_text
from lgdcnn_core.companion.runs.table import GROUP
from lgdcnn_core.training import PAPER

ENOUGH_SEEDS = 3
"""Below this number of seeds a distance is not given in standard deviations: two are too few to know one."""


def against_published(
    summary: pd.DataFrame, published: pd.DataFrame, records: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Set each kind of run beside the published MAE of the same network on the same data set and fold.

    Parameters
    ----------
    summary
        From `runs.summarise`.
    published
        Columns ``dataset``, ``model``, ``published`` (MAE) and, for official folds, ``fold``.
    records
        The records behind the summary, from `runs.load_records`: what each run's bootstrap interval is read from.

    Returns
    -------
    DataFrame
        Rows of `summary` that have a published number, with ``published``, ``percent`` (how far our mean lies above
        it), ``deviations`` (the same in standard deviations over our seeds; missing below three) and ``same_training``:
        whether recipe, setting, epochs and training rows were the paper's, so that the run repeats what was published.
        With `records`, also ``inside``: seeds (a tuple) of the runs whose 95 % bootstrap interval over test compounds
        holds the published number.
    """
    on = [name for name in ("dataset", "fold", "model") if name in published.columns]
    # Records count folds in a type that can be missing.
    published = published.astype({name: "Int64" for name in on if name == "fold"})
    table = summary.merge(published, on=on)
    if records is not None:
        held = records.merge(published, on=on).query("mae_low <= published <= mae_high")
        table["inside"] = _seeds_of(table, held)
    return table.assign(
        percent=100 * (table["mean"] / table["published"] - 1),
        deviations=((table["mean"] - table["published"]) / table["std"]).where(
            (table["n"] >= ENOUGH_SEEDS) & (table["std"] > 0)
        ),
        same_training=(
            (table["recipe"] == PAPER.name)
            & (table["setting"] == "published")
            & (table["epochs"] == PAPER.epochs)
            & (table["train_fraction"] == 1)
            & ~table["refit"].astype(bool)
        ),
    )


def agreement_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Lay out what `against_published` gives with records, for reading.

    Returns
    -------
    DataFrame
        One row a kind of run and data set (index). ``inside`` says of how many runs the interval holds the published
        number, ``repeats`` whether the training was the published one.
    """
    left_out = {"train_fraction"} | ({"refit"} if not compared["refit"].any() else set())
    index = [name for name in GROUP if name not in left_out and compared[name].notna().any()]
    table = compared[["mean", "std", "published", "percent", "deviations"]].assign(
        inside=[f"{len(seeds)} of {n}" for seeds, n in zip(compared["inside"], compared["n"], strict=True)],
        repeats=compared["same_training"].map({True: "yes", False: "no"}),
    )
    return table.set_index([compared[name] for name in index])


def _seeds_of(table: pd.DataFrame, records: pd.DataFrame) -> list[tuple[int, ...]]:
    """Seeds of those of the records that belong to each row of a summary; none is no seeds."""
    seeds: dict[tuple[str, ...], list[int]] = {}
    for group, seed in zip(_groups(records), records["seed"], strict=True):
        seeds.setdefault(group, []).append(int(seed))
    return [tuple(sorted(seeds.get(group, []))) for group in _groups(table)]


def _groups(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Write what the seeds of one kind of run have in common as texts, since a fold that is missing equals nothing."""
    return list(table[GROUP].astype(str).itertuples(index=False, name=None))


def sentence(row: "pd.Series[Any]") -> str:
    """Say in words what one row of `against_published` says."""
    card = benchmarks.card(row["dataset"])
    where = card.label if pd.isna(row["fold"]) else f"{card.label}, fold {row['fold']}"
    store = "" if row["store"] == "committed" else ", this machine"
    training = f"{row['recipe']} recipe, {row['setting']} setting, {row['epochs']} epochs"
    run = f"{row['model']} ({training}{and_validation_data(row['refit'])}{store})"
    unit = "" if card.unit == "1" else f" {unit_text(card.unit)}"
    spread = f" ± {row['std']:.2g}{unit} over {row['n']} seeds" if row["n"] > 1 else f"{unit} with one seed"
    side = "higher" if row["percent"] > 0 else "lower"
    said = (
        f"{where}: {run} gives {row['mean']:.4g}{spread}, "
        f"{abs(row['percent']):.1f} % {side} than the published {row['published']:.4g}"
    )
    if row["n"] < ENOUGH_SEEDS:
        said += f"; {'one seed does' if row['n'] == 1 else 'so few seeds do'} not tell how much of that is chance"
    elif pd.notna(row["deviations"]):
        said += f", that is {abs(row['deviations']):.1f} standard deviations of our seeds"
    if "inside" in row.index:
        said += f"; {_inside(row['inside'], row['n'])}"
    return said + (
        "." if row["same_training"] else "; another training than the published one, so no repetition of it."
    )


def _inside(seeds: Sequence[int], n: int) -> str:
    if n == 1:
        return f"the published number lies {'inside' if seeds else 'outside'} the run's 95 % bootstrap interval"
    which = f" (seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))})" if 0 < len(seeds) < n else ""
    return f"the published number lies inside the 95 % bootstrap interval of {len(seeds)} of {n} runs{which}"


def repetitions(compared: pd.DataFrame, model: str, datasets: Sequence[str]) -> str:
    """Say how far the published trainings of a network were repeated, and how close the errors came.

    Parameters
    ----------
    compared
        From `against_published`.
    model
        The network.
    datasets
        All data sets that it was published on.
    """
    own = compared[compared["same_training"] & (compared["model"] == model)]
    done = [name for name in datasets if name in set(own["dataset"])]
    missing = ", ".join(benchmarks.card(name).label for name in datasets if name not in done)
    if not done:
        return f"The published training of {model} has not been repeated on any of the {len(datasets)} sets yet."
    low, high = own["percent"].min(), own["percent"].max()
    span = f"{low:+.1f} %" if len(own) == 1 else f"{low:+.1f} % to {high:+.1f} %"
    said = (
        f"The published training of {model} was repeated on {len(done)} of {len(datasets)} sets; our MAE lies "
        f"{span} from the published one."
    )
    return f"{said} Not repeated yet: {missing}." if missing else said
