"""The catalogue of benchmark data sets: their names and a card for each."""

import csv
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, cast, get_args

from .errors import UnknownDataSetError

Protocol = Literal["extended", "matbench"]
Kind = Literal["regression", "classification"]


@dataclass(frozen=True)
class Card:
    """Name, unit, protocol and origin of one data set.

    Attributes
    ----------
    name : str
        Name that `load` takes.
    label : str
        Name for axes and tables; for the 18 extended sets, the name in the paper's Fig. 3.
    unit : str
        Unit of the target, "1" where it has none, empty for classification.
    protocol : {"extended", "matbench"}
        Fixed train, validation and test files, or the five official Matbench folds.
    kind : {"regression", "classification"}
        Classification targets are 0 or 1.
    n_rows : int
        Rows in all parts together.
    n_train : int
        Rows of the training part, validation data left out; of a Matbench task, those of its first fold.
    median_beside_mean : bool
        True where a median absolute error belongs beside the MAE, because the one percent of
        compounds farthest from the median carry 15 % or more of the summed absolute deviation.
    source, doi, licence : str
        Where the values come from, its publication and its licence; "unknown" where we found none stated.
    note : str
        Advice to read before trusting a number.
    """

    name: str
    label: str
    unit: str
    protocol: Protocol
    kind: Kind
    n_rows: int
    n_train: int
    median_beside_mean: bool
    source: str
    doi: str
    licence: str
    note: str

    @property
    def task(self) -> str:
        """Name without the prefix ``matbench_``, as in file names and official ids."""
        return self.name.removeprefix("matbench_")

    @property
    def paths(self) -> tuple[str, ...]:
        """Files of the set, relative to the data directory; train, val and test if extended."""
        if self.protocol == "extended":
            return tuple(f"extended/{self.name}/{part}.csv" for part in ("train", "val", "test"))
        return (f"matbench/{self.task}.csv",)


@cache
def _cards() -> Mapping[str, Card]:
    """Read every card, by name, in the order of the paper's tables."""
    text = resources.files(__package__).joinpath("cards.csv").read_text(encoding="utf-8")
    cards = (
        Card(
            name=row["name"],
            label=row["label"],
            unit=row["unit"],
            protocol=cast(Protocol, row["protocol"]),
            kind=cast(Kind, row["kind"]),
            n_rows=int(row["n_rows"]),
            n_train=int(row["n_train"]),
            median_beside_mean=row["median_beside_mean"] == "true",
            source=row["source"],
            doi=row["doi"],
            licence=row["licence"],
            note=row["note"],
        )
        for row in csv.DictReader(text.splitlines())
    )
    return MappingProxyType({card.name: card for card in cards})


def names(protocol: Protocol | None = None, kind: Kind | None = None) -> list[str]:
    """List the names of the data sets, in the order of the paper's tables.

    Parameters
    ----------
    protocol : {"extended", "matbench"}, optional
        Only the 18 extended sets, or only the 13 Matbench tasks.
    kind : {"regression", "classification"}, optional
        "regression" gives the paper's 28 sets, "classification" the three Matbench extras.

    Returns
    -------
    list of str

    Raises
    ------
    UnknownDataSetError
        If there is no such protocol or kind.
    """
    for called, value, known in (
        ("protocol", protocol, get_args(Protocol)),
        ("kind", kind, get_args(Kind)),
    ):
        if value is not None and value not in known:
            raise UnknownDataSetError(f"unknown {called} {value!r}: choose from {', '.join(known)}")
    return [card.name for card in _cards().values() if protocol in (None, card.protocol) and kind in (None, card.kind)]


def card(name: str) -> Card:
    """Return the card of a data set: its unit, protocol, source and licence.

    Parameters
    ----------
    name : str
        One of `names()`.

    Returns
    -------
    Card

    Raises
    ------
    UnknownDataSetError
        If there is no such set; the message lists the nearest names.
    """
    found = _cards().get(name)
    if found is None:
        near = _near(name)
        hint = f"did you mean {' or '.join(near)}?" if near else "benchmarks.names() lists them all"
        raise UnknownDataSetError(f"no benchmark data set is called {name!r}: {hint}")
    return found


def _near(name: str, limit: int = 3) -> list[str]:
    """Return names whose spelling or label resembles `name`, ignoring case; best first."""
    wanted = name.casefold()
    score: dict[str, float] = {}
    for each in _cards().values():
        spellings = (each.name.casefold(), each.task.casefold(), each.label.casefold())
        score[each.name] = max(
            1.0 if wanted and wanted in spelling else difflib.SequenceMatcher(None, wanted, spelling).ratio()
            for spelling in spellings
        )
    near = [each for each in score if score[each] > 0.5]
    return sorted(near, key=lambda each: -score[each])[:limit]
