"""The parts that readings of all kinds share: their findings, and the time of each step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Findings:
    """Findings of a reading: fields as in `ReadingRecord`, and the other files' bytes by name."""

    settings: dict[str, Any]
    layers: list[str]
    results: dict[str, Any]
    files: dict[str, bytes]
    seconds: dict[str, float]


@dataclass
class Stopwatch:
    """Wall time of named steps."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Time the ``with`` block and add it to a step."""
        started = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - started
