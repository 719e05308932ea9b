"""Where the records of a study are."""

from typing import ClassVar

from lgdcnn_core.companion.design.record import Evaluation
from lgdcnn_core.companion.records import places
from lgdcnn_core.companion.records.directory import RecordDirectory

DIRECTORY = "design"


class Study(RecordDirectory[Evaluation]):
    """A directory of evaluations, ``<dataset>/<candidate>_seed<n>/record.json``."""

    record: ClassVar[type[Evaluation]] = Evaluation
    below: ClassVar[int] = 2
    holds: ClassVar[str] = "evaluation"
    of: ClassVar[str] = "the evaluation"

    def evaluations(self) -> list[Evaluation]:
        """Read all records."""
        return list(self.records().values())


def committed_study(name: str) -> Study | None:
    """``data/design/<name>`` of the checkout; None if the package is installed without one."""
    return places.committed(Study, f"{DIRECTORY}/{name}")


def local_study(name: str) -> Study:
    """``build/design/<name>``; within the directory that LGDCNN_RUNS names, if it names one."""
    return places.local(Study, f"{DIRECTORY}/{name}")
