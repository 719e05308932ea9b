"""Read and parse a table piece by piece, in a process of its own that imports no torch."""

import multiprocessing
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lgdcnn_core.cli.queues import send
from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.composition.notation import SYMBOLS, elements_beyond
from lgdcnn_core.tables import Source


@dataclass(frozen=True)
class Piece:
    """Rows of the table, and those of their formulas that were read.

    Attributes
    ----------
    number
        Number of the piece, from 0.
    frame
        Rows with readable formulas.
    compositions
        Their compositions, without formulas.
    rejected
        Other rows: position in the table, formula and reason.
    """

    number: int
    frame: pd.DataFrame
    compositions: Compositions
    rejected: pd.DataFrame


def read_pieces(source: Source, rows: int, seen: tuple[str, ...] | None, done: set[int], parsed: Any) -> None:
    """Put the pieces of a table into a queue, except those that are done.

    Parameters
    ----------
    source
        The table.
    rows
        Rows of a piece.
    seen
        Symbols of the elements that training saw: formulas with others are rejected. None: not known.
    done
        Numbers of the pieces to leave out.
    parsed
        Queue for each `Piece`, or the error that ended the reading, and None at the end.
    """
    command = multiprocessing.parent_process()
    try:
        for number, frame in enumerate(source.chunks(rows)):
            if number not in done:
                send(parsed, _piece(number, frame, source.formula, seen), command)
    except Exception as error:  # it is raised again where the command runs
        send(parsed, error, command)
    send(parsed, None, command)


def _piece(number: int, frame: pd.DataFrame, formula: str, seen: tuple[str, ...] | None) -> Piece:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doubts about single formulas: of millions, nobody reads them
        compositions = parse(frame[formula], errors="drop")
    rejected: list[tuple[int, object, str]] = [
        (problem.row, problem.formula, problem.reason) for problem in compositions.dropped
    ]
    if seen is not None:
        unseen = elements_beyond(compositions.atomic_numbers, seen)
        strange = compositions.containing(unseen)
        for place in strange:
            tokens = slice(compositions.offsets[place], compositions.offsets[place + 1])
            symbols = [SYMBOLS[n - 1] for n in np.intersect1d(compositions.atomic_numbers[tokens], unseen)]
            reason = f"training never saw {', '.join(symbols)}"
            rejected.append((int(compositions.rows[place]), compositions.formulas[place], reason))
        compositions = compositions[np.setdiff1d(np.arange(len(compositions)), strange)]
    rejected.sort(key=lambda each: each[0])
    rows = [(int(frame.index[row]), text, reason) for row, text, reason in rejected]
    table = pd.DataFrame(rows, columns=["row", "formula", "reason"])
    return Piece(number, frame.iloc[compositions.rows], compositions, table)
