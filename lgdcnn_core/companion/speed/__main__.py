"""Measure the speed of this machine, in a quarter of an hour, and keep the result as a record."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

import torch

from lgdcnn_core.benchmarks import DataError, fetch
from lgdcnn_core.companion.speed.answers import answers
from lgdcnn_core.companion.speed.measuring import machine_key, measure
from lgdcnn_core.companion.speed.processor import VARIABLE, WITHOUT_AMX
from lgdcnn_core.companion.speed.record import SpeedStore, committed, local
from lgdcnn_core.companion.speed.scope import FULL, Scope
from lgdcnn_core.training import UnavailableDevice

THREADS = 2


def main(arguments: Sequence[str] | None = None, scope: Scope = FULL) -> int:
    """Measure this machine, unless it has a record; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.speed", description=__doc__)
    parser.add_argument("--threads", type=int, default=THREADS, help=f"number of torch threads (default: {THREADS})")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best there is")
    parser.add_argument(
        "--without-amx",
        action="store_true",
        help="switch AMX off and measure as a processor without it; the record counts as another machine",
    )
    parser.add_argument("--again", action="store_true", help="measure again, and replace the existing record")
    parser.add_argument("--committed", action="store_true", help="keep the record in data/speed, not build/speed")
    chosen = parser.parse_args(words)
    if chosen.without_amx and os.environ.get(VARIABLE) != WITHOUT_AMX:
        return again_without_amx(words)
    store = committed() if chosen.committed else local()
    if store is None:
        parser.error("--committed needs a checkout of the repository")
    try:
        fetch()
        return measure_into(store, scope, chosen.device, chosen.threads, chosen.again)
    except (DataError, UnavailableDevice) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def again_without_amx(words: Sequence[str]) -> int:
    """Run this command in a process whose environment switches AMX off: oneDNN reads it once, when it starts."""
    command = [sys.executable, "-m", "lgdcnn_core.companion.speed", *words]
    return subprocess.run(command, env=os.environ | {VARIABLE: WITHOUT_AMX}).returncode


def measure_into(store: SpeedStore, scope: Scope, device: str | None, threads: int, again: bool) -> int:
    """Measure, write the record into a store and print its findings; return the exit status."""
    torch.set_num_threads(threads)
    key = machine_key(device)
    if key in store and not again:
        print(f"recorded already: {store.title(key)}; add --again to replace it")
    else:
        record = measure(scope, device)
        store.discard(key)
        store.write(record)
    for sentence in answers(store.read(key)):
        print(f"- {sentence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
