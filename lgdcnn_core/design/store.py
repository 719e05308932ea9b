"""Where the records of a study are: directories, written atomically, read with every hash checked."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.design.record import Evaluation
from lgdcnn_core.runs import BrokenRecord, Store, local_store, sealed
from lgdcnn_core.runs.store import RECORD, VARIABLE

DIRECTORY = "design"


@dataclass(frozen=True)
class Study:
    """A directory of evaluations, ``<dataset>/<candidate>_seed<n>/record.json``; never overwritten.

    Attributes
    ----------
    name
        ``"committed"``: what the project stands for; ``"local"``: what was trained on this machine.
    path
        The directory; it need not exist before the first record.
    """

    name: str
    path: Path

    def __contains__(self, key: str) -> bool:
        return (self.path / key / RECORD).is_file()

    def keys(self) -> Iterator[str]:
        """Keys of all records, sorted."""
        for file in sorted(self.path.glob(f"*/*/{RECORD}")):
            # A directory with a dot is a record that a killed process did not finish writing.
            if not file.parent.name.startswith("."):
                yield file.parent.relative_to(self.path).as_posix()

    def read(self, key: str) -> Evaluation:
        """Record with this key.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.runs.BrokenRecord
            If it is not what was written.
        """
        name = f"evaluation {key} of the {self.name} study"
        try:
            text = (self.path / key / RECORD).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise KeyError(f"no {name}") from None
        found = Evaluation.from_json(text, name)
        if found.key != key:
            raise BrokenRecord(f"{name} holds the evaluation {found.key}. {sealed.WAY_OUT}")
        return found

    def write(self, evaluation: Evaluation) -> None:
        """Add a record: all of it, or after a kill nothing of it.

        Raises
        ------
        lgdcnn_core.runs.RecordExists
            If there is one with its key.
        """
        sealed.write_directory(self.path / evaluation.key, {RECORD: evaluation.to_json().encode()})

    def evaluations(self) -> list[Evaluation]:
        """Read all records."""
        return [self.read(key) for key in self.keys()]

    def origin(self, evaluations: Sequence[Evaluation]) -> dict[str, Any]:
        """Say where a figure of these comes from: ``records`` and ``stores``, as `figures.save` takes them."""
        above = self.path.parents[1]
        keys = [(self.path / each.key).relative_to(above).as_posix() for each in evaluations]
        return {"records": pd.DataFrame({"store": self.name, "key": keys}), "stores": [Store(self.name, above)]}


def committed_study(name: str) -> Study | None:
    """``data/design/<name>`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else Study("committed", top / "data" / DIRECTORY / name)


def local_study(name: str) -> Study:
    """``build/design/<name>``; within the directory that LGDCNN_RUNS names, if it names one."""
    runs = local_store().path
    return Study("local", (runs if os.environ.get(VARIABLE) else runs.parent) / DIRECTORY / name)
