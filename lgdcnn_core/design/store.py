"""Where the records of a study are: directories, written atomically, read with every hash checked."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.design.record import Evaluation
from lgdcnn_core.runs import BrokenRecord, Store, sealed
from lgdcnn_core.runs.directory import RECORD, RecordDirectory
from lgdcnn_core.runs.store import beside_local_store

DIRECTORY = "design"


class Study(RecordDirectory):
    """A directory of evaluations, ``<dataset>/<candidate>_seed<n>/record.json``; never overwritten."""

    holds: ClassVar[str] = "evaluation"

    def read(self, key: str) -> Evaluation:
        """Record with this key.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.runs.BrokenRecord
            If it is not what was written.
        """
        name = self.title(key)
        found = Evaluation.from_json(self.text(key), name)
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
    return Study("local", beside_local_store(DIRECTORY) / name)
