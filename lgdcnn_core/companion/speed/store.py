"""Where the records of speed are: beside the stores of run records, written and checked in the same way."""

from collections.abc import Sequence
from typing import Any, ClassVar

from lgdcnn_core.companion.records import directory, places
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.speed.record import SpeedRecord

DIRECTORY = "speed"


class SpeedStore(RecordDirectory[SpeedRecord]):
    """A directory of records of speed, ``<machine>/record.json``."""

    record: ClassVar[type[SpeedRecord]] = SpeedRecord
    levels: ClassVar[int] = 1
    holds: ClassVar[str] = "speed record"
    of: ClassVar[str] = "that of"


def committed() -> SpeedStore | None:
    """``data/speed`` of the checkout; None if the package is installed without one."""
    return places.committed(SpeedStore, DIRECTORY)


def local() -> SpeedStore:
    """``build/speed``; within the directory that LGDCNN_RUNS names, if it names one."""
    return places.local(SpeedStore, DIRECTORY)


def both() -> list[SpeedStore]:
    """Give the committed store, if there is one, and the local one."""
    return places.both(SpeedStore, DIRECTORY)


def origin(stores: Sequence[SpeedStore]) -> dict[str, Any]:
    """Say where a figure of all their records comes from: ``records`` and ``stores``, as `figures.save` takes them."""
    return directory.origin((store, key) for store in stores for key in store.keys())  # noqa: SIM118
