"""The record of one reading: its fields, and its form on disk."""

from dataclasses import dataclass
from typing import Any, ClassVar

from lgdcnn_core.companion.readings.spec import ReadingSpec
from lgdcnn_core.companion.records import directory
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord


@dataclass(frozen=True)
class ReadingRecord(SealedRecord):
    """One reading of a trained network, and the origin of the network.

    Attributes
    ----------
    spec
        The reading.
    settings
        Constants of the computation: thresholds, sizes, seeds, numbers of neighbours.
    layers
        Names of the layers, in the order of the network.
    results
        Numbers that are few enough to be kept in this file.
    source
        sha256 of the run's ``record.json`` (``run``), of the file of weights (``weights``), and of the formulas and
        targets of the part (``data``, see `records.provenance.data_hash`).
    seconds
        Wall time by step.
    peak_memory
        GiB, of the whole process from its start.
    versions, platform, code, started, finished, outputs
        As in `runs.RunRecord`.
    """

    CALLED: ClassVar[str] = "reading"
    # Each kind of reading has a store of its own.
    DIRECTORY: ClassVar[str] = ""
    LEVELS: ClassVar[int] = 3

    spec: ReadingSpec
    settings: dict[str, Any]
    layers: list[str]
    results: dict[str, Any]
    source: dict[str, str]
    seconds: dict[str, float]
    peak_memory: dict[str, float]
    versions: dict[str, str]
    platform: dict[str, str | int | None]
    code: dict[str, str | bool] | None
    started: str
    finished: str
    outputs: dict[str, str]


class ReadingStore(RecordDirectory[ReadingRecord]):
    """A directory of readings of one kind, ``<dataset>/<run>/<part>_<element>/{record.json,*.parquet}``."""

    kind: ClassVar[type[ReadingRecord]] = ReadingRecord


committed, local = ReadingStore.committed, ReadingStore.local


@dataclass(frozen=True, eq=False)
class Reading:
    """A record with the content of its other files; each kind of reading adds its own.

    Attributes
    ----------
    record
        The record.
    store
        The store that it comes from.
    """

    record: ReadingRecord
    store: ReadingStore

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in the order of the network."""
        return self.record.layers


def origin(*readings: Reading) -> dict[str, Any]:
    """Return the origin of a figure of these readings, as `figures.save` takes it."""
    return directory.origin((each.store, each.record) for each in readings)
