"""Readable tables of errors: one row per data set, one column per network and way of training, cells as texts."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks, training
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.claims.lower_errors import EVERY, MODEL
from lgdcnn_core.companion.claims.surpasses import RIVAL
from lgdcnn_core.companion.records.table import alone
from lgdcnn_core.companion.wording import (
    BASELINES,
    four_digits,
    place,
    short_power,
    span,
    three_decimals,
    way_of_training,
)
from lgdcnn_core.models import CHAINS

_WAY = ["recipe", "setting", "epochs", "train_fraction", "refit", "store"]


def error_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Tabulate an error of single networks: mean ± standard deviation over seeds, and the number of seeds.

    Parameters
    ----------
    summary
        From `runs.summarise`, of any metric.

    Returns
    -------
    DataFrame
        One row per data set (fold) that has a record; columns of two levels, network and way of training. Cells are
        texts, empty where a training was not run.
    """
    rows = summary[["mean", "std", "n"]].itertuples(index=False, name=None)
    return _wide(summary, [f"{_with_spread(mean, std)} ({n})" for mean, std, n in rows])


def ensemble_table(ensembles: pd.DataFrame, metric: str = "mae") -> pd.DataFrame:
    """Tabulate an error of the mean of n networks; for the MAE, also its 95 % bootstrap interval over test compounds.

    Parameters
    ----------
    ensembles
        From `runs.ensembles` and `runs.of_several_networks`.
    metric
        A column of `ensembles`.

    Returns
    -------
    DataFrame
        As `error_table`; n is in brackets.
    """
    ends = ["mae_low", "mae_high"] if metric == "mae" else []
    cells = []
    for value, n, *interval in ensembles[[metric, "n", *ends]].itertuples(index=False, name=None):
        beside = [" to ".join(map(four_digits, interval))] if interval else []
        cells.append(f"{four_digits(value)} ({'; '.join([*beside, str(n)])})")
    return _wide(ensembles, cells)


def seconds_table(records: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the mean seconds of training, of runs that had their cores to themselves as far as is known.

    Parameters
    ----------
    records
        From `runs.load_records`. Their machines and threads may differ.

    Returns
    -------
    DataFrame
        As `error_table`.
    """
    timed = records[alone(records)]
    means = timed.groupby(["dataset", "fold", "model", *_WAY], dropna=False, sort=False)["training_seconds"].mean()
    table = means.reset_index()
    return _wide(table, [f"{each:,.0f}" for each in table["training_seconds"]])


def cost_table(records: pd.DataFrame) -> pd.DataFrame:
    """Tabulate what the trainings took: how many there were, their hours together, and their speed.

    Parameters
    ----------
    records
        From `runs.load_records`. Their machines and threads may differ.

    Returns
    -------
    DataFrame
        One row per network and way of training (index), and one of all together: ``trainings``, ``hours``, and the
        median ``tokens a second``, elements of compounds that went through training. A network that is measured on
        many sets was trained once.
    """
    once = records[records["recipe"] == training.TOGETHER.name].drop_duplicates(["store", "model", "setting", "seed"])
    trainings = pd.concat([records[records["recipe"] != training.TOGETHER.name], once])
    rows = {kind: _cost(own) for kind, own in _by_training(trainings)} | {("all", ""): _cost(trainings)}
    return pd.DataFrame(list(rows.values()), index=_pairs(list(rows), ["network", "training"]))


def _cost(trainings: pd.DataFrame) -> dict[str, str]:
    hours, speed = trainings["training_seconds"].sum() / 3600, trainings["tokens_per_second"].median()
    return {"trainings": f"{len(trainings):,}", "hours": f"{hours:.2f}", "tokens a second": f"{speed:,.0f}"}


def calibration_table(ensembles: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the share of test errors that are smaller than the total uncertainty of the mean of n networks.

    Parameters
    ----------
    ensembles
        From `runs.ensembles`; regressions only.

    Returns
    -------
    DataFrame
        One row per network and way of training (index): networks, data sets, and the share in percent, as a range over
        data sets.
    """
    rows = {
        kind: {
            "networks": span(own["n"].min(), own["n"].max(), "d"),
            "data sets": own["dataset"].nunique(),
            "within (%)": span(100 * own["within_uncertainty"].min(), 100 * own["within_uncertainty"].max(), ".0f"),
        }
        for kind, own in _by_training(ensembles)
    }
    return pd.DataFrame(list(rows.values()), index=_pairs(list(rows), ["network", "training"]))


def named_runs(errors: pd.DataFrame) -> pd.DataFrame:
    """Add the name of its network and way of training, ``run``, to each row of `lower_errors.together`."""
    given = _columns_in_order(errors).sort_values("ensemble", kind="stable")
    ways = [way_of_training(*row) for row in given[_WAY].itertuples(index=False, name=None)]
    parts = zip(given["ensemble"].map({True: "mean of n", False: ""}), given["model"], ways, strict=True)
    return given.assign(run=[", ".join(filter(None, each)) for each in parts])


def fold_table(errors: pd.DataFrame) -> pd.DataFrame:
    """Tabulate errors fold by fold, with mean and standard deviation (ddof = 1) over the five official folds.

    Parameters
    ----------
    errors
        Columns ``dataset``, ``fold``, ``run`` (the row's name) and ``mean``.

    Returns
    -------
    DataFrame
        One row per data set and run (index), one column per fold; all texts. Mean and deviation are given where all
        folds are there: folds differ more than networks do.
    """
    given = _rows_in_order(errors.assign(fold=None)).index
    named = errors.loc[given].assign(place=[place(name) for name in errors.loc[given, "dataset"]])
    order = dict.fromkeys(zip(named["place"], named["run"], strict=True))
    wide = named.pivot_table("mean", ["place", "run"], "fold").reindex(list(order))
    complete = wide.notna().sum(axis="columns") == N_FOLDS
    wide = wide.assign(
        **{"mean": wide.mean(axis="columns").where(complete), "std": wide.std(axis="columns").where(complete)}
    )
    texts = wide.map(lambda value: "-" if pd.isna(value) else four_digits(value))
    return texts.loc[:, (texts != "-").any()].rename_axis(["data set", "run"]).rename_axis(columns="fold")


def standing_table(standings: pd.DataFrame) -> pd.DataFrame:
    """Tabulate on how many data sets each way of training wins.

    Parameters
    ----------
    standings
        From `lower_errors.standings`.

    Returns
    -------
    DataFrame
        One row per network and way of training (index), columns of two levels. ``one network`` (the mean over seeds):
        the sets on which it is at or below the published CrabNet and the paper's L-G-DCNN. ``networks together``: their
        number, and the sets on which they are at or below every published model. Cells are texts, such as "3 of 8".
    """
    rows: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for row in _columns_in_order(standings).to_dict("records"):
        counts = rows.setdefault((row["model"], way_of_training(*(row[name] for name in _WAY))), {})
        if row["ensemble"]:
            counts["networks together", "n"] = str(row["n"])
            counts["networks together", f"at or below {EVERY}"] = f"{row[EVERY]} of {row['sets']}"
        else:
            for model, whose in ((RIVAL, "the published CrabNet"), (MODEL, "the paper's L-G-DCNN")):
                counts["one network", f"at or below {whose}"] = f"{row[model]} of {row['sets']}"
    table = pd.DataFrame(list(rows.values()), index=_pairs(list(rows), ["network", "training"]))
    table.columns = _pairs(list(map(tuple, table.columns)), [None, None])
    return table.fillna("")


def repetition_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the trainings that repeat a published one.

    Parameters
    ----------
    compared
        From `errors.against_published` with records.

    Returns
    -------
    DataFrame
        One row per data set (fold) and network (index), all texts: the published MAE; ours, with its spread if there
        are several seeds, and how far it lies above the published one; and in how many runs the 95 % bootstrap interval
        over test compounds holds the published number.
    """
    own = _rows_in_order(compared[compared["same_training"]])
    index = list(zip([place(*key) for key in _keys(own)], own["model"], strict=True))
    return pd.DataFrame(
        {
            "published": [three_decimals(each) for each in own["published"]],
            "ours": [_with_spread(mean, std) for mean, std in zip(own["mean"], own["std"], strict=True)],
            "ours above (%)": [f"{each:+.1f}" for each in own["percent"]],
            "inside our interval": [f"{len(seeds)} of {n}" for seeds, n in zip(own["inside"], own["n"], strict=True)],
        },
        index=_pairs(index, ["data set", "network"]),
    )


def percent_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Tabulate how far the mean over our seeds lies above the published MAE of the same network, in percent.

    Parameters
    ----------
    compared
        From `errors.against_published`. Trainings that do not repeat the published one are included.

    Returns
    -------
    DataFrame
        As `error_table`. In brackets, from three seeds on: the same in standard deviations over our seeds.
    """
    cells = [
        f"{percent:+.1f}" if pd.isna(deviations) else f"{percent:+.1f} ({deviations:+.1f})"
        for percent, deviations in zip(compared["percent"], compared["deviations"], strict=True)
    ]
    return _wide(compared, cells)


def paired_table(comparisons: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tabulate differences of two trainings on the same test compounds.

    Parameters
    ----------
    comparisons
        Tables from `runs.paired_differences`, each for one network or one recipe, by the heading of their column.

    Returns
    -------
    DataFrame
        One row per data set (fold), one column per comparison. Cells are texts: the difference of the mean absolute
        errors, in the unit of the property, its 95 % bootstrap interval over test compounds, and "better" or "worse"
        where that interval excludes zero; empty where a comparison is missing.
    """
    cells: dict[tuple[str, int | None], dict[str, str]] = {}
    headings: list[str] = []
    for heading, table in comparisons.items():
        for key, row in zip(_keys(table), table.to_dict("records"), strict=True):
            full = heading + ("" if row["store"] == "committed" else ", this machine")
            low, difference, high = (short_power(f"{row[name]:+.3g}") for name in ("low", "difference", "high"))
            told = f" {row['verdict']}" if row["verdict"] in ("better", "worse") else ""
            cells.setdefault(key, {})[full] = f"{difference} ({low} to {high}){told}"
            headings.append(full)
    ordered = sorted(cells, key=_row_order)
    index = pd.Index([place(*key) for key in ordered], name="data set")
    return pd.DataFrame([cells[key] for key in ordered], index, list(dict.fromkeys(headings))).fillna("")


def _wide(table: pd.DataFrame, cells: Sequence[str]) -> pd.DataFrame:
    """Lay out the cells, one for each row of the table, by data set (fold) and by network and way of training."""
    ways = [way_of_training(*row) for row in table[_WAY].itertuples(index=False, name=None)]
    given = _columns_in_order(table.assign(cell=list(cells), way=ways, place=[place(*key) for key in _keys(table)]))
    columns = given[["model", "way"]].drop_duplicates().itertuples(index=False, name=None)
    wide = given.pivot_table("cell", "place", ["model", "way"], aggfunc="first").fillna("")
    wide = wide.reindex(index=_rows_in_order(given)["place"].unique())[list(columns)]
    return wide.rename_axis(index="data set", columns=["network", "training"])


def _rows_in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by data set, in the order of the paper's tables, and fold."""
    keys = _keys(table)
    return table.iloc[sorted(range(len(table)), key=lambda row: _row_order(keys[row]))]


def _by_training(table: pd.DataFrame) -> Any:
    """Group rows by network and way of training, in the order of the columns."""
    ordered = _columns_in_order(table)
    ways = [way_of_training(*row) for row in ordered[_WAY].itertuples(index=False, name=None)]
    return ordered.assign(training=ways).groupby(["model", "training"], sort=False)


def _columns_in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by network, the paper's first, and way of training, the paper recipe first."""
    networks, recipes = [MODEL, *CHAINS], list(training.RECIPES)

    def order(row: dict[Hashable, Any]) -> tuple[Any, ...]:
        first = networks.index(row["model"]) if row["model"] in networks else len(networks)
        recipe = recipes.index(row["recipe"]) if row["recipe"] in recipes else len(recipes)
        return (row["store"] != "committed", first, row["model"], recipe, bool(row["refit"]), -row["epochs"])

    records = table.to_dict("records")
    ordered = table.iloc[sorted(range(len(table)), key=lambda place: order(records[place]))]
    return ordered.assign(model=ordered["model"].replace(BASELINES))


def _keys(table: pd.DataFrame) -> list[tuple[str, int | None]]:
    """Return data set and fold of each row, the latter None where there is none."""
    folds = table["fold"] if "fold" in table else [None] * len(table)
    return [(name, None if pd.isna(fold) else int(fold)) for name, fold in zip(table["dataset"], folds, strict=True)]


def _row_order(key: tuple[str, int | None]) -> tuple[int, int]:
    return benchmarks.names().index(key[0]), -1 if key[1] is None else key[1]


def _pairs(pairs: Sequence[tuple[Hashable, ...]], names: list[str | None]) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples(pairs, names=names) if pairs else pd.MultiIndex.from_arrays([[], []], names=names)


def _with_spread(mean: float, std: float) -> str:
    return three_decimals(mean) + ("" if pd.isna(std) else f" ± {short_power(f'{std:.2g}')}")
