"""Models and tables, as the commands take them."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lgdcnn_core import CompositionRegressor, pretrained
from lgdcnn_core.composition import parse
from lgdcnn_core.tables import Source


class UnknownProperty(ValueError):
    """A model does not predict a property of this name."""


def model(name_or_file: str, device: str | None = None) -> CompositionRegressor:
    """Load a trained network by its name, or a saved model."""
    if name_or_file in pretrained.names():
        return CompositionRegressor.pretrained(name_or_file, device)
    if not Path(name_or_file).exists():
        raise FileNotFoundError(
            f"{name_or_file!r} is neither a trained network ({', '.join(pretrained.names())}) nor a file"
        )
    return CompositionRegressor.load(name_or_file, device)


def places(fitted: CompositionRegressor, wanted: Sequence[str] | None) -> list[int]:
    """Return the positions of properties among those that a model predicts; None wants all.

    Raises
    ------
    UnknownProperty
        The message lists the properties.
    """
    names = fitted.target_names_
    for name in wanted or ():
        if name not in names:
            raise UnknownProperty(f"the model does not predict {name!r}; it predicts {', '.join(names)}")
    return [names.index(name) for name in wanted] if wanted else list(range(len(names)))


def readable(path: Path, chosen: Namespace) -> tuple[pd.DataFrame, str]:
    """Read a table and leave out rows whose formulas cannot be read; say what was assumed and left out.

    Returns
    -------
    frame, formula
        The table, and its column of formulas.
    """
    source = Source.of(path, chosen.formula)
    frame, said = source.frame()
    for sentence in (*source.said, *said):
        say(f"{path.name}: {sentence}")
    kept = parse(frame[source.formula], errors="drop").rows
    return frame.iloc[kept], source.formula


def say(sentence: str) -> None:
    """Print a note on the standard error, so that the standard output holds results alone."""
    print(f"note: {sentence}", file=sys.stderr)
