"""The record of one benchmark: its fields, and its form on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lgdcnn_core.companion.records import directory
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord
from lgdcnn_core.companion.speed.processor import slug


@dataclass(frozen=True)
class SpeedRecord(SealedRecord):
    """Measured speed of one machine.

    Attributes
    ----------
    device
        ``"cpu"``, or the name of the GPU.
    instruction_set
        See `speed.processor`.
    threads
        Number of torch threads.
    load
        Load average of the minute before; None where the system does not tell. Other work on the
        machine makes every number worse.
    scope
        Every value of the `Scope`.
    products, copies
        Peaks, see `speed.peaks`.
    trainings
        See `speed.trainings.time_training`; in the order in which they were measured.
    prediction, parsing
        See `speed.predictions`.
    memory
        See `speed.memory`.
    versions, platform, code, started, finished
        As in `lgdcnn_core.companion.runs.RunRecord`.
    """

    CALLED: ClassVar[str] = "speed record"
    DIRECTORY: ClassVar[str] = "speed"
    LEVELS: ClassVar[int] = 1

    device: str
    instruction_set: str
    threads: int
    load: float | None
    scope: dict[str, Any]
    products: list[dict[str, Any]]
    copies: list[dict[str, Any]]
    trainings: list[dict[str, Any]]
    prediction: dict[str, Any]
    parsing: dict[str, Any]
    memory: list[dict[str, Any]]
    versions: dict[str, str]
    platform: dict[str, str | int | None]
    code: dict[str, str | bool] | None
    started: str
    finished: str

    @property
    def key(self) -> str:
        """Directory of the record in a store."""
        return key(self.device, str(self.platform["processor"]), self.instruction_set, self.threads)

    @property
    def title(self) -> str:
        """Readable name of the machine."""
        if self.device != "cpu":
            return self.device
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.platform['processor']}, {self.instruction_set}, {threads}"

    def peaks(self) -> dict[str, float]:
        """Return the FLOP/s of the fastest matrix product in each precision."""
        found: dict[str, float] = {}
        for each in self.products:
            found[each["precision"]] = max(found.get(each["precision"], 0.0), each["flops"])
        return found

    def bandwidth(self) -> float:
        """Return the memory bandwidth in bytes per second, from the largest copy."""
        largest = max(self.copies, key=lambda each: each["mebibytes"])
        return float(largest["bytes_per_second"])


class SpeedStore(RecordDirectory[SpeedRecord]):
    """A directory of speed records, ``<machine>/record.json``."""

    kind: ClassVar[type[SpeedRecord]] = SpeedRecord


committed, local, both = SpeedStore.committed, SpeedStore.local, SpeedStore.both


def origin(stores: Sequence[SpeedStore]) -> dict[str, Any]:
    """Return the arguments of `figures.save` that name all records of these stores as a figure's origin."""
    return directory.origin((store, key) for store in stores for key in store.keys())  # noqa: SIM118


def key(device: str, processor: str, instruction_set: str, threads: int) -> str:
    """Return the directory of a machine's record in a store, without the processor where a GPU makes it unimportant."""
    if device != "cpu":
        return slug(device)
    return f"{slug(processor)}_{slug(instruction_set)}_threads{threads}"
