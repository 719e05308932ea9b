"""Formula text to `Compositions`; one error for all formulas that are bad."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pymatgen.core import Composition

from lgdcnn_core.composition.compositions import CASES_SHOWN, Compositions, Problem
from lgdcnn_core.composition.notation import (
    ATOMIC_NUMBERS,
    UnreadableFormula,
    has_decimal_before_water,
    to_plain,
)


class InvalidFormulas(ValueError):
    """Some formulas are not compositions; the message lists every one of them.

    Parameters
    ----------
    problems
        The bad rows, in the order of the input.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        # The problems, not the message, are the argument: so the error survives pickling between processes.
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        count = len(self.problems)
        return (
            "\n  ".join([f"{count} formula{'s' if count != 1 else ''} cannot be read:", *map(str, self.problems)])
            + '\nCorrect them, or leave them out: composition.parse(formulas, errors="drop") tells which rows remain.'
        )


class _EveryAmount(Composition):
    """A composition that keeps every amount: pymatgen's own drops those below 1e-8 without a word."""

    amount_tolerance = 0.0


def parse(formulas: Iterable[object], errors: Literal["raise", "drop"] = "raise") -> Compositions:
    """Read formulas into compositions, elements in the published order.

    Elements come by descending amount; ties keep the order in which they first appear in the formula. An
    element that occurs twice (CH3COOH) is summed.

    Parameters
    ----------
    formulas
        Strings, in a list, tuple, array, Series or any other iterable. Read: nested round, square and curly
        brackets; decimals and exponents ("Fe1e-3"); white space; subscript digits; leading amounts and
        hydrate dots ("CuSO4·5H2O", also "•" and "*"; a full stop where no digit follows it). "NaN" is sodium
        nitride. Bad: charges, isotopes (D and T too), dummy elements, amounts that are not positive or so
        small that a float32 fraction is zero, missing values.
    errors
        What to do about a bad formula: "raise" an error that lists them all, or "drop" them with a warning.

    Returns
    -------
    Compositions
        One for each formula read, in the order of the input; `rows` says which, `dropped` which not.

    Raises
    ------
    InvalidFormulas
        If there are bad formulas and `errors` is "raise".
    TypeError
        If `formulas` is a single string, a mapping or a table.
    ValueError
        If `errors` is neither "raise" nor "drop".

    Warns
    -----
    UserWarning
        Of formulas dropped; of a decimal point that may have been meant as a hydrate dot ("CuSO4.5H2O").

    Notes
    -----
    Source: J. Chem. Theory Comput. 2024, 20 (15), 6756, doi:10.1021/acs.jctc.4c00187, and its published code.
    """
    if errors not in ("raise", "drop"):
        raise ValueError(f'errors must be "raise" or "drop", not {errors!r}')
    _check_container(formulas)
    rows: list[int] = []
    read: list[str] = []
    amounts: list[dict[str, float]] = []
    problems: list[Problem] = []
    for row, formula in enumerate(formulas):
        try:
            amounts.append(_read(formula))
        except UnreadableFormula as error:
            problems.append(Problem(row, formula, str(error)))
            continue
        rows.append(row)
        read.append(str(formula))
    compositions, vanished = _assemble(read, rows, amounts)
    problems = sorted(problems + vanished, key=lambda problem: problem.row)
    if problems and errors == "raise":
        raise InvalidFormulas(tuple(problems))
    if problems:
        _warn_of("Formulas dropped", [str(problem) for problem in problems])
        compositions = compositions[~np.isin(compositions.rows, [problem.row for problem in problems])]
    hydrates = [repr(formula) for formula in compositions.formulas if has_decimal_before_water(formula)]
    if hydrates:
        _warn_of("A full stop read as a decimal point (write a hydrate dot as '\u00b7')", hydrates)
    return replace(compositions, dropped=tuple(problems))


def _check_container(formulas: object) -> None:
    """Raise unless `formulas` can be a column of formulas."""
    if isinstance(formulas, str | bytes):
        raise TypeError(f"formulas is a single string; wrap it in a list: [{formulas!r}]")
    if isinstance(formulas, Mapping) or getattr(formulas, "ndim", 1) != 1:
        raise TypeError(
            f"formulas must be one column of strings, not a {type(formulas).__name__}; pass frame['formula']"
        )


def _read(formula: Any) -> dict[str, float]:
    """Read one formula: amounts by symbol, in order of first appearance."""
    if not isinstance(formula, str):
        if pd.api.types.is_scalar(formula) and pd.isna(formula):
            raise UnreadableFormula(
                'a missing value; if the csv says "NaN", sodium nitride, read it with keep_default_na=False'
            )
        raise UnreadableFormula(f"not a string but {type(formula).__name__}")
    plain = to_plain(formula)
    try:
        return {element.symbol: amount for element, amount in _EveryAmount(plain).items()}
    except ValueError as error:
        raise UnreadableFormula(f"pymatgen cannot read it as {plain!r}: {error}") from error


def _assemble(
    formulas: list[str], rows: list[int], amounts: list[dict[str, float]]
) -> tuple[Compositions, list[Problem]]:
    """Lay the amounts out flat, in the published order; fractions that float32 cannot hold are problems."""
    lengths = np.fromiter(map(len, amounts), dtype=np.int64, count=len(amounts))
    n_tokens = int(lengths.sum())
    symbols = chain.from_iterable(amounts)
    numbers = np.fromiter((ATOMIC_NUMBERS[symbol] for symbol in symbols), dtype=np.uint8, count=n_tokens)
    values = np.fromiter(chain.from_iterable(amount.values() for amount in amounts), dtype=np.float64, count=n_tokens)
    compound = np.repeat(np.arange(len(amounts)), lengths)
    order = np.lexsort((-values, compound))  # stable: ties keep the order of first appearance
    numbers, values = numbers[order], values[order]
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        totals = np.bincount(compound, weights=values, minlength=len(amounts))
        fractions = (values / totals[compound]).astype(np.float32)
    problems = [
        Problem(rows[i], formulas[i], _why_vanished(amounts[i]))
        for i in np.unique(compound[~(fractions > 0)])  # not "<= 0": inf / inf is nan
    ]
    return Compositions(_as_objects(formulas), numbers, fractions, lengths, np.array(rows, dtype=np.int64)), problems


def _why_vanished(amounts: dict[str, float]) -> str:
    total = sum(amounts.values())
    if not np.isfinite(total):
        return f"the amounts add up to {total} in float64"
    rarest = min(amounts, key=lambda symbol: amounts[symbol])
    return f"the fraction of {rarest}, {amounts[rarest]:g} of {total:g}, is zero in float32"


def _as_objects(formulas: list[str]) -> NDArray[np.object_]:
    array = np.empty(len(formulas), dtype=object)
    array[:] = formulas
    return array


def _warn_of(what: str, cases: list[str]) -> None:
    """Warn, as from the caller of `parse`, with the count and the first few cases."""
    more = f"; and {len(cases) - CASES_SHOWN} more" if len(cases) > CASES_SHOWN else ""
    warnings.warn(f"{what}: {len(cases)} ({'; '.join(cases[:CASES_SHOWN])}{more})", UserWarning, stacklevel=3)
