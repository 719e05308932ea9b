"""Formulas to `Compositions`; one error for all formulas that are bad."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.composition.compositions import Compositions, Labels, Problem, listed, quoted, row_name
from lgdcnn_core.composition.notation import ATOMIC_NUMBERS, UnreadableFormula
from lgdcnn_core.composition.reading import FullStop, read

ROWS_SHOWN = 20
"""Bad rows that the message of an error lists."""


class InvalidFormulas(ValueError):
    """Some formulas are not compositions; the message lists the first `ROWS_SHOWN`.

    Parameters
    ----------
    problems
        All bad rows, in the order of the input.
    """

    way_out = 'Correct them, or leave them out: composition.parse(formulas, errors="drop") tells which rows remain.'

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        # The problems, not the message, are the argument: so the error survives pickling between processes.
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        count = len(self.problems)
        more = [f"and {count - ROWS_SHOWN} more; .problems has all"] if count > ROWS_SHOWN else []
        head = f"{count} formula{'s' if count != 1 else ''} cannot be read:"
        return "\n  ".join([head, *map(str, self.problems[:ROWS_SHOWN]), *more]) + f"\n{self.way_out}"


def parse(
    formulas: Iterable[object],
    errors: Literal["raise", "drop"] = "raise",
    full_stop: FullStop = "decimal point",
    labels: Labels = None,
) -> Compositions:
    """Read formulas into compositions, elements in the published order.

    Elements come by descending amount; ties keep the order in which they first appear in the formula. An
    element that occurs twice (CH3COOH) is summed.

    Parameters
    ----------
    formulas
        (B,) strings, dicts such as ``{"Fe": 2, "O": 3}`` or pymatgen Compositions, in a list, tuple, array, Series or
        any other iterable. Read in strings: nested round, square and curly brackets; decimals, exponents ("Fe1e-3")
        and fractions ("Mg1/3Nb2/3"); subscript digits; leading amounts and adducts ("CuSO4·5H2O", also "•" and "*"; a
        full stop where no digit follows it). "NaN" is sodium nitride. Keys of a dict are symbols, atomic numbers, or
        pymatgen Elements or Species, whose oxidation states do not count. Bad: charges, isotopes (D and T too),
        variables, dopants beside the formula, phase names, dummy elements, negative amounts, amounts so small that a
        float32 fraction is zero, missing values.
    errors
        What to do about a bad formula: "raise" an error that lists them, or "drop" them with a warning.
    full_stop
        The meaning of a full stop before a digit that may join an adduct: in "CuSO4.5H2O" either a "decimal point"
        (O4.5, as pymatgen and the published code read it), or the dot of an "adduct" (CuSO4·5H2O). In "Ba0.5Sr0.5TiO3"
        it is a decimal point in any case.
    labels
        (B,) index labels, by which warnings name doubtful rows beside their positions; None takes those of a Series.

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
        If `errors` or `full_stop` is something else.

    Warns
    -----
    UserWarning
        Of formulas dropped; and, with their rows, of formulas read that may mean something else: a full stop read as a
        decimal point that may join an adduct, zero amounts, whose elements are left out, blanks between parts,
        fractions from one on, numbers at the start of a bracket, Roman numerals.

    Notes
    -----
    Source: J. Chem. Theory Comput. 2024, 20 (15), 6756, doi:10.1021/acs.jctc.4c00187, and its published code.
    """
    if errors not in ("raise", "drop"):
        raise ValueError(f'errors must be "raise" or "drop", not {errors!r}')
    if full_stop not in get_args(FullStop):
        raise ValueError(f'full_stop must be "decimal point" or "adduct", not {full_stop!r}')
    _check_container(formulas)
    labels = formulas.index if labels is None and hasattr(formulas, "iloc") else labels  # type: ignore[attr-defined]
    rows: list[int] = []
    texts: list[str] = []
    amounts: list[dict[str, float]] = []
    problems: list[Problem] = []
    doubtful: dict[str, list[str]] = {}
    for row, formula in enumerate(formulas):
        try:
            text, found, doubts = read(formula, full_stop)
        except UnreadableFormula as error:
            problems.append(Problem(row, formula, str(error)))
            continue
        rows.append(row)
        texts.append(text)
        amounts.append(found)
        for doubt in doubts:
            doubtful.setdefault(doubt, []).append(f"{row_name(row, labels)}: {quoted(formula)}")
    compositions, vanished = _assemble(texts, rows, amounts)
    problems = sorted(problems + vanished, key=lambda problem: problem.row)
    if problems and errors == "raise":
        raise InvalidFormulas(tuple(problems))
    if problems:
        _warn_of("Formulas dropped", [str(problem) for problem in problems])
        compositions = compositions[~np.isin(compositions.rows, [problem.row for problem in problems])]
    for doubt, cases in doubtful.items():
        _warn_of(doubt, cases)
    return replace(compositions, dropped=tuple(problems))


def _check_container(formulas: object) -> None:
    """Raise unless `formulas` can be a column of formulas."""
    if isinstance(formulas, str | bytes):
        raise TypeError(f"formulas is a single string; wrap it in a list: [{quoted(formulas)}]")
    if isinstance(formulas, Mapping) or getattr(formulas, "ndim", 1) != 1:
        raise TypeError(
            f"formulas must be one column of formulas, not a {type(formulas).__name__}; pass frame['formula'], or wrap "
            "a single composition in a list"
        )


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
    warnings.warn(f"{what}: {len(cases)} ({listed(cases)})", UserWarning, stacklevel=3)
