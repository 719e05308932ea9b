"""Read trained networks whose weights are on this machine: ``python -m lgdcnn_core.companion.readings --help``."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import get_args

from tqdm.auto import tqdm

from lgdcnn_core.companion.readings.library import make
from lgdcnn_core.companion.readings.record import ReadingStore, committed, local
from lgdcnn_core.companion.readings.spec import Kind, ReadingSpec
from lgdcnn_core.companion.runs import InvalidSpec, RunSpec
from lgdcnn_core.companion.runs.store import both_stores
from lgdcnn_core.companion.runs.weights import file_of_weights


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the missing readings; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.readings", description=__doc__)
    parser.add_argument("kind", choices=get_args(Kind), help="kind of reading to make")
    parser.add_argument("--runs", default="*", metavar="PATTERN", help="keys of the runs to read, such as 'OQMD*seed0'")
    parser.add_argument("--elements", nargs="+", default=["Si"], metavar="SYMBOL", help="focus elements")
    parser.add_argument("--part", default="test", help="test, val or train")
    parser.add_argument("--untrained", action="store_true", help="read the networks with their initial weights")
    parser.add_argument("--committed", action="store_true", help="write to data/ instead of build/")
    chosen = parser.parse_args(arguments)
    store = committed(chosen.kind) if chosen.committed else local(chosen.kind)
    if store is None:
        parser.error("there is no checkout to commit to")
    specs = [
        ReadingSpec(chosen.kind, run, element, chosen.part, not chosen.untrained)
        for run in trained_runs(chosen.runs)
        for element in chosen.elements
    ]
    missing = [spec for spec in specs if spec.key not in store]
    for spec in (bar := tqdm(missing)):
        bar.set_description(spec.key)
        make(spec, store)
    print(f"{len(missing)} made, {len(specs) - len(missing)} there already: {_named(store)}")
    return 0


def trained_runs(pattern: str) -> Iterator[RunSpec]:
    """Yield the runs of both stores whose keys match and whose weights are on this machine, each once."""
    seen = set()
    for store in both_stores():
        for key in store.keys():  # noqa: SIM118
            if key not in seen and fnmatchcase(key, pattern):
                seen.add(key)
                spec = store.read(key).spec
                with suppress(InvalidSpec):  # of baselines and of the joint network, whose runs keep no weights
                    if file_of_weights(spec).is_file():
                        yield spec


def _named(store: ReadingStore) -> str:
    return f"the {store.name} store, {store.path.parent.name}/{store.path.name}"


if __name__ == "__main__":
    raise SystemExit(main())
