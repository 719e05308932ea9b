"""The record of one reading: its fields, and its form on disk."""

from dataclasses import dataclass
from typing import Any

from lgdcnn_core.companion.readings.spec import ReadingSpec
from lgdcnn_core.companion.records.sealed_record import Plain, SealedRecord


@dataclass(frozen=True)
class ReadingRecord(SealedRecord):
    """What was read from a trained network, and where the network came from.

    Attributes
    ----------
    spec
        What was read.
    settings
        Constants of the computation: thresholds, sizes, seeds, numbers of neighbours.
    layers
        Names of the layers, in the order of the network.
    results
        The numbers that are few enough for this file.
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

    FORMAT = 1

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

    @property
    def key(self) -> str:
        """Directory of the record in its store."""
        return self.spec.key

    @classmethod
    def _nested(cls) -> dict[str, type[Plain]]:
        return {"spec": ReadingSpec}


@dataclass(frozen=True, eq=False)
class Reading:
    """A record with what its other files hold; each kind of reading adds its own.

    Attributes
    ----------
    record
        The record.
    store
        Name of the store that it comes from.
    """

    record: ReadingRecord
    store: str

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in the order of the network."""
        return self.record.layers
