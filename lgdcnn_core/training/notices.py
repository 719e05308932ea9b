"""Warnings about data that are not used, or used in a way that may not be meant; each names the first cases."""

import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition.compositions import CASES_SHOWN, Labels, listed, quoted, row_name
from lgdcnn_core.composition.notation import SYMBOLS, elements_beyond
from lgdcnn_core.training.batches import Layout

if TYPE_CHECKING:
    from lgdcnn_core.training.labelled import Labelled

_PACKAGE = __name__.partition(".")[0]


class DataWarning(UserWarning):
    """Some of the data are not used, or are used in a way that may not be meant."""


def warn_of_unused(columns: Sequence[str], role: str) -> None:
    """Warn of the columns of a table that are not used."""
    if columns:
        are = "a column that is" if len(columns) == 1 else f"{len(columns)} columns that are"
        warn(f"the table of {role} data has {are} not used: {listed(map(quoted, columns), ', ')}")


def warn_of_merged(data: "Labelled", codes: NDArray[np.int64], role: str) -> None:
    """Warn of rows with the same formula text, whose targets are averaged.

    Parameters
    ----------
    data
        B rows, before they are merged.
    codes
        (B,): number of the formula of each row, from 0.
    role
        The use of the data.
    """
    repeated = np.bincount(codes)[codes] > 1
    if not repeated.any():
        return
    groups = pd.DataFrame(data.targets, columns=data.properties)[repeated].groupby(codes[repeated])
    spreads = groups.max() - groups.min()
    cases = []
    for code in spreads.index[:CASES_SHOWN]:
        rows = np.flatnonzero(codes == code)
        named = listed((row_name(int(data.compositions.rows[row]), data.labels) for row in rows), ", ")
        cases.append(f"{quoted(data.compositions.formulas[rows[0]])} in {named}{_targets_of(data, rows)}")
    under = "" if data.conditions is None else " under equal conditions"
    formulas = f"1 formula{under}" if len(spreads) == 1 else f"{len(spreads)} formulas{under}"
    warn(
        f"{repeated.sum()} rows of the {role} data share {formulas}: each formula becomes one compound with "
        f"{_merged_target(data)}; {_difference(data, spreads)} ({listed(cases, count=len(spreads))})"
    )


def _targets_of(data: "Labelled", rows: NDArray[np.int64]) -> str:
    """Write the targets of one compound: their range, or their classes."""
    if data.properties is not None:
        return ""
    if data.classes is None:
        return f": {data.targets[rows].min():g} to {data.targets[rows].max():g}"
    classes = data.classes[np.unique(data.targets[rows].astype(int))].tolist()
    return f": {listed(map(quoted, classes), ', ')}"


def _merged_target(data: "Labelled") -> str:
    """Say which target a compound of several rows gets."""
    if data.classes is None:
        return "its mean target" if data.weights is None else "its weighted mean target"
    if len(data.classes) > 2:
        return "its most frequent class" if data.weights is None else "its heaviest class"
    return f"the share of class {quoted(data.classes.tolist()[1])} among its rows as target"


def _difference(data: "Labelled", spreads: pd.DataFrame) -> str:
    """Say whether and how far the targets of a formula differ, given the spread of each formula and property."""
    if data.classes is not None:
        differing = int((spreads > 0).to_numpy().sum())
        return f"{differing} of them {'has' if differing == 1 else 'have'} rows of different classes"
    by_property = spreads.max()[spreads.max() > 0]
    named = (f"{value:g}{f' ({name})' if data.properties else ''}" for name, value in by_property.items())
    differ = f"differ by up to {listed(named, ', ')}" if len(by_property) else "are equal"
    return f"the targets of a formula {differ}"


@contextmanager
def merging_expected() -> Iterator[None]:
    """Silence `warn_of_merged`, for callers that state the number of rows themselves."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\d+ rows of the \w+ data share", category=DataWarning)
        yield


def warn_of_cut(compositions: Compositions, layout: Layout, labels: Labels) -> None:
    """Warn of compounds with more elements than the padded setting has places."""
    longer = np.flatnonzero(compositions.lengths > layout.n_max)
    if len(longer) and layout.setting == "published":
        _warn_of(
            compositions,
            longer,
            labels,
            f"more than {layout.n_max} elements, the most in the training data: the padded setting cuts off the rest; "
            "the exact setting does not",
        )


def elements_of(compositions: Compositions) -> tuple[str, ...]:
    """Return the symbols of all elements in these compounds, sorted."""
    return _symbols(compositions.atomic_numbers)


def warn_of_unseen(compositions: Compositions, seen: Iterable[str], labels: Labels) -> None:
    """Warn of compounds with elements that training never saw, given the symbols of those that it saw."""
    unseen = elements_beyond(compositions.atomic_numbers, seen)
    if len(unseen):
        symbols = ", ".join(_symbols(unseen))
        rows = compositions.containing(unseen)
        _warn_of(compositions, rows, labels, f"elements that training never saw: {symbols}")


def warn_of_rare(compositions: Compositions, with_element: NDArray[np.int64], fewer_than: int, labels: Labels) -> None:
    """Warn of compounds with elements that few training compounds have.

    Parameters
    ----------
    compositions
        The compounds.
    with_element
        (119,) number of training compounds with the element of each atomic number.
    fewer_than
        Number of training compounds from which an element is not rare.
    labels
        Index labels of the rows.
    """
    rare = np.intersect1d(compositions.atomic_numbers, np.flatnonzero(with_element < fewer_than))
    if len(rare):
        counts = ", ".join(f"{SYMBOLS[number - 1]} ({with_element[number]})" for number in rare)
        rows = compositions.containing(rare)
        _warn_of(compositions, rows, labels, f"elements that fewer than {fewer_than} training compounds have: {counts}")


def _symbols(atomic_numbers: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(sorted(SYMBOLS[number - 1] for number in np.unique(atomic_numbers)))


def _warn_of(compositions: Compositions, chosen: NDArray[np.int64], labels: Labels, has: str) -> None:
    first = chosen[:CASES_SHOWN]
    cases = (f"{row_name(int(compositions.rows[i]), labels)}: {quoted(compositions.formulas[i])}" for i in first)
    count = f"{len(chosen)} of {len(compositions)} compounds {'has' if len(chosen) == 1 else 'have'}"
    warn(f"{count} {has} ({listed(cases, count=len(chosen))})")


def warn(message: str) -> None:
    """Warn, as from the first caller outside the package."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, DataWarning, stacklevel=level)
