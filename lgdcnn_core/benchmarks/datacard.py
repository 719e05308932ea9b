"""Measure the tables of data/README.md from the data, so that card and data always agree."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .catalogue import Card, card, names
from .joint import masked_pairs
from .overlap import composition_keys
from .split import N_FOLDS, load

EXTREME_SHARE = 0.01
"""Share of compounds farthest from the median, whose weight in the absolute deviation we report."""


class Measured(NamedTuple):
    """Statistics of one data set.

    Attributes
    ----------
    rows : tuple of int
        Rows in train, validation and test; for Matbench a single number, all rows.
    smallest, median, largest : float
        Of the target, in its unit.
    mad : float
        Mean absolute deviation of the target from its mean: the MAE of predicting the mean.
    skewness : float
        Of the target, dimensionless.
    extreme : float
        Part of the summed absolute deviation from the median that the farthest 1 % of compounds carry.
    pure : tuple of int
        Rows with a single element, in the parts of `rows`.
    repeated : int
        Rows whose composition (not text) occurred in an earlier row of the set.
    shared : float
        Part of the test rows whose composition also occurs in train or validation; mean of the folds.
    longest : int
        Largest number of elements in a compound.
    """

    rows: tuple[int, ...]
    smallest: float
    median: float
    largest: float
    mad: float
    skewness: float
    extreme: float
    pure: tuple[int, ...]
    repeated: int
    shared: float
    longest: int


def measure(name: str, directory: Path | None = None) -> Measured:
    """Return the statistics of one data set: rows, range, deviation, skewness, overlaps.

    Parameters
    ----------
    name : str
        One of `names()`.
    directory : Path, optional
        Data directory, as `root` of `load`.

    Returns
    -------
    Measured
    """
    extended = card(name).protocol == "extended"
    splits = [load(name, fold, root=directory) for fold in ([None] if extended else range(N_FOLDS))]
    parts = list(splits[0]) if extended else [pd.concat(splits[0]).sort_index()]
    keys = [composition_keys(part) for part in parts]
    distinct = set().union(*keys)
    numbers = {key: number for number, key in enumerate(distinct)}
    of_rows = [
        pd.Series(list(map(numbers.__getitem__, each)), part.index) for each, part in zip(keys, parts, strict=True)
    ]
    train, val, test = of_rows if extended else of_rows * 3
    seen = [np.concatenate([train[split.train.index], val[split.val.index]]) for split in splits]
    target = pd.concat(parts)["target"].astype(float)
    deviation = np.sort((target - target.median()).abs())[::-1]
    return Measured(
        rows=tuple(len(part) for part in parts),
        smallest=target.min(),
        median=target.median(),
        largest=target.max(),
        mad=(target - target.mean()).abs().mean(),
        skewness=float(target.skew()),  # type: ignore[arg-type]
        extreme=deviation[: round(EXTREME_SHARE * len(deviation))].sum() / deviation.sum(),
        pure=tuple(sum(len(key) == 1 for key in part) for part in keys),
        repeated=sum(map(len, keys)) - len(distinct),
        shared=float(
            np.mean([test[split.test.index].isin(each).mean() for split, each in zip(splits, seen, strict=True)])
        ),
        longest=max(map(len, distinct)),
    )


def tables(directory: Path | None = None) -> str:
    """Return the data card's three tables, measured from every data set.

    Parameters
    ----------
    directory : Path, optional
        Data directory, as `root` of `load`.

    Returns
    -------
    str
        Markdown: the sources of the sets, their content, and the values masked for one network on all of them.
    """
    origin = [
        "| name | label | unit | source | DOI | licence | notes |",
        "|---|---|---|---|---|---|---|",
    ]
    content = [
        "| name | rows | min / median / max | MAD | skewness | extreme 1 % | pure elements "
        "| repeated | test shared | longest |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in tqdm(names(), desc="Measuring the data sets"):
        origin.append(_origin_row(card(name)))
        content.append(_content_row(name, measure(name, directory)))
    counts = masked_pairs(directory)
    masked = [
        "| training part of | kindred sets are those of a | compounds | masked | share |",
        "|---|---|---|---|---|",
        *(_masked_row(str(name), row) for name, row in counts.iterrows()),
        _masked_row("all", counts[["pairs", "masked"]].sum()),
    ]
    return "\n".join([*origin, "", *content, "", *masked])


def _masked_row(name: str, row: "pd.Series[Any]") -> str:
    share = f"{row['masked'] / row['pairs']:.1%}"
    return f"| {name} | {row.get('kindred', '')} | {row['pairs']:,} | {row['masked']:,} | {share} |"


def _origin_row(each: Card) -> str:
    doi = each.doi if each.doi == "unknown" else f"[{each.doi}](https://doi.org/{each.doi})"
    cells = (each.name, each.label, each.unit or "0 or 1", each.source, doi, each.licence, each.note)
    return "| " + " | ".join(cells) + " |"


def _content_row(name: str, found: Measured) -> str:
    cells = (
        name,
        " / ".join(f"{rows:,}" for rows in found.rows),
        f"{found.smallest:.3g} / {found.median:.3g} / {found.largest:.3g}",
        f"{found.mad:.4g}",
        f"{found.skewness:.1f}",
        f"{found.extreme:.0%}",
        " / ".join(str(pure) for pure in found.pure),
        f"{found.repeated:,}",
        f"{found.shared:.1%}",
        str(found.longest),
    )
    return "| " + " | ".join(cells) + " |"
