"""Measure the speed of this machine and keep a record of it, in a quarter of an hour; see ``--help``."""

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
    """Measure, unless there is a record of this machine; give the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.speed", description=__doc__)
    parser.add_argument("--threads", type=int, default=THREADS, help=f"threads of torch (default: {THREADS})")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best there is")
    parser.add_argument(
        "--without-amx",
        action="store_true",
        help="switch AMX off, to see what a processor without it does; kept as a machine of its own",
    )
    parser.add_argument("--again", action="store_true", help="replace the record that there is")
    parser.add_argument("--committed", action="store_true", help="keep the record in data/speed, not build/speed")
    chosen = parser.parse_args(words)
    if chosen.without_amx and os.environ.get(VARIABLE) != WITHOUT_AMX:
        return again_without_amx(words)
    store = committed() if chosen.committed else local()
    if store is None:
        parser.error("there is no checkout to commit to")
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
    """Measure into a store and say what came of it; give the exit status."""
    torch.set_num_threads(threads)
    key = machine_key(device)
    if key in store and not again:
        print(f"recorded already: {store.title(key)}; --again measures anew")
    else:
        record = measure(scope, device)
        store.discard(key)
        store.write(record)
    for sentence in answers(store.read(key)):
        print(f"- {sentence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
