"""Predict all formulas of a table of any length, in bounded memory, and go on after an interruption.

A process of its own reads and parses; this one computes; a third writes. A finished piece is a file beside the output;
the pieces become the output at the end.
"""

import multiprocessing
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.cli import DONE, REJECTED, pieces, reading
from lgdcnn_core.cli.parsing import read_pieces
from lgdcnn_core.cli.queues import ProcessDied, received, send
from lgdcnn_core.regressor.calibration import usual_half_widths
from lgdcnn_core.regressor.saved_model import sha256_of
from lgdcnn_core.tables import Source
from lgdcnn_core.training.compute import choose

ROWS = 50_000
"""Rows of a piece: 200 MB of memory, and ten seconds on two plain cores."""

WAITING = 2
"""Pieces that may wait between two processes."""


class BadRows(ValueError):
    """Some rows cannot be predicted, and all were asked for."""


def screen(path: Path, fitted: CompositionRegressor, places: list[int], chosen: Namespace) -> int:
    """Predict the formulas of a table, and write its rows with predictions to a file; return the exit status."""
    source = Source.of(path, chosen.formula)
    for sentence in source.said:
        reading.say(f"{path.name}: {sentence}")
    output = pieces.Output.at(chosen.output, _made_from(source, fitted, places, chosen))
    names = [fitted.target_names_[place] for place in places]
    if taken := sorted({*_columns(names, fitted.calibration_ is not None)} & {*source.columns}):
        raise BadRows(f"{path} has columns of the names that predictions get: {', '.join(taken)}; rename them")
    bfloat16 = choose(chosen.device, chosen.precision).bfloat16
    seen = vars(fitted).get("elements_seen_")
    done = output.done()
    if done:
        reading.say(f"{len(done)} pieces of {ROWS:,} rows are there already: going on")
    context = multiprocessing.get_context("spawn")
    parsed: Any = context.Queue(WAITING)
    predicted: Any = context.Queue(WAITING)
    reader = context.Process(target=read_pieces, args=(source, ROWS, seen, done, parsed), name="reader", daemon=True)
    writer = context.Process(target=pieces.write_pieces, args=(output, predicted), name="writer", daemon=True)
    reader.start()
    writer.start()
    try:
        total = source.n_rows()
        there = min(ROWS * len(done), total or 0)
        with tqdm(total=total, initial=there, unit="row", unit_scale=True) as bar:
            for piece in received(parsed, reader):
                if chosen.strict and len(piece.rejected):
                    raise BadRows(_told(piece.rejected))
                mean, std = fitted.predicted(fitted.prepared(piece.compositions), bfloat16=bfloat16)
                table = piece.frame.assign(**_predictions(fitted, mean, std, places, chosen.interval))
                send(predicted, (piece.number, table, piece.rejected), writer)
                bar.update(len(piece.frame) + len(piece.rejected))
        send(predicted, None, writer)
        writer.join()
        if writer.exitcode:
            raise ProcessDied(f"{chosen.output} could not be written; see the message above")
    finally:
        for process in (reader, writer):
            process.kill()
    n_rejected = output.finish()
    print(f"{chosen.output}: predictions of {', '.join(names)}")
    if n_rejected:
        reading.say(f"{n_rejected} rows could not be predicted: see {output.rejected} for the reasons")
    return REJECTED if n_rejected else DONE


def _columns(names: list[str], calibrated: bool) -> list[str]:
    """Return the names of the columns that predictions get."""
    return [f"{name}{end}" for name in names for end in (("", "_lower", "_upper") if calibrated else ("", "_std"))]


def _predictions(
    fitted: CompositionRegressor,
    mean: NDArray[np.float64],
    std: NDArray[np.float64],
    places: list[int],
    interval: float | None,
) -> dict[str, NDArray[np.float32]]:
    """Return the columns of predictions, float32, whose shortest text has at most nine digits."""
    names = [fitted.target_names_[place] for place in places]
    half = usual_half_widths(fitted.calibration_, std, interval)
    parts = [mean, std] if half is None else [mean, mean - half, mean + half]
    chosen = [part.reshape(len(part), len(fitted.target_names_))[:, places].astype(np.float32) for part in parts]
    found = [part[:, place] for place in range(len(places)) for part in chosen]
    return dict(zip(_columns(names, half is not None), found, strict=True))


def _made_from(source: Source, fitted: CompositionRegressor, places: list[int], chosen: Namespace) -> dict[str, Any]:
    """Return what the predictions depend on; pieces of other predictions must not be taken for these."""
    about = source.path.stat()
    return {
        "table": [str(source.path.resolve()), about.st_size, about.st_mtime_ns],
        "formula": source.formula,
        "networks": [sha256_of("", network.state_dict()) for network in fitted.networks_],
        "properties": places,
        "interval": chosen.interval,
        "precision": chosen.precision,
        "rows": ROWS,
    }


def _told(rejected: pd.DataFrame) -> str:
    first = rejected.iloc[0]
    return (
        f"{len(rejected)} rows cannot be predicted, the first is row {first['row']}, {first['formula']!r}: "
        f"{first['reason']}. Without --strict they go to a file, and the others are predicted"
    )
