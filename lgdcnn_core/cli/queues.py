"""Queues between the processes of a command, in which none waits for one that is gone."""

import queue as queues
from collections.abc import Iterator
from typing import Any


class ProcessDied(RuntimeError):
    """Another process of the command was killed, or failed."""


def received(queue: Any, sender: Any) -> Iterator[Any]:
    """Yield what another process puts into a queue, up to None.

    Raises
    ------
    ProcessDied
        If the other process has ended before.
    """
    while True:
        try:
            given = queue.get(timeout=1)
        except queues.Empty:
            if not sender.is_alive():
                raise ProcessDied(f"the process {sender.name!r} ended before its work was done") from None
            continue
        if given is None:
            return
        if isinstance(given, Exception):
            raise given
        yield given


def send(queue: Any, given: object, receiver: Any) -> None:
    """Put something into a queue.

    Raises
    ------
    ProcessDied
        If the process that takes it has ended.
    """
    while True:
        try:
            queue.put(given, timeout=1)
            return
        except queues.Full:
            if not receiver.is_alive():
                raise ProcessDied(f"the process {receiver.name!r} ended before its work was done") from None
