"""Stores of readings: beside the stores of run records, written and checked in the same way."""

from typing import TYPE_CHECKING, Any, ClassVar

from lgdcnn_core.companion.readings.record import ReadingRecord
from lgdcnn_core.companion.readings.spec import Kind
from lgdcnn_core.companion.records import directory, places
from lgdcnn_core.companion.records.directory import RecordDirectory

if TYPE_CHECKING:
    from lgdcnn_core.companion.readings.embeddings import Embeddings
    from lgdcnn_core.companion.readings.environments import Environments


class ReadingStore(RecordDirectory[ReadingRecord]):
    """A directory of readings of one kind, ``<dataset>/<run>/<part>_<element>/{record.json,*.parquet}``."""

    record: ClassVar[type[ReadingRecord]] = ReadingRecord
    levels: ClassVar[int] = 3
    holds: ClassVar[str] = "reading"
    of: ClassVar[str] = "the reading"


def committed(kind: Kind) -> ReadingStore | None:
    """``data/cecv`` or ``data/embeddings`` of the checkout; None if the package is installed without one."""
    return places.committed(ReadingStore, kind)


def local(kind: Kind) -> ReadingStore:
    """``build/cecv`` or ``build/embeddings``; within the directory that LGDCNN_RUNS names, if it names one."""
    return places.local(ReadingStore, kind)


def origin(*readings: "Environments | Embeddings") -> dict[str, Any]:
    """Say where a figure of these readings comes from: what `figures.save` takes as ``records`` and ``stores``."""
    by_name = {
        (store.name, kind): store
        for kind in {each.record.spec.kind for each in readings}
        for store in places.both(ReadingStore, kind)
    }
    return directory.origin((by_name[each.store, each.record.spec.kind], each.record) for each in readings)
