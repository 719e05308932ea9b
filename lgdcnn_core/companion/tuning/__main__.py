"""Run the study behind the fast recipe, without test data; a later call goes on where this one stopped."""

import argparse
import time
from collections.abc import Sequence

from lgdcnn_core.companion.runs import BrokenRecord, OutdatedRecord
from lgdcnn_core.companion.tuning.execution import make_missing
from lgdcnn_core.companion.tuning.record import TrialRecord, TrialStore, committed_trials, local_trials
from lgdcnn_core.companion.tuning.spec import Task
from lgdcnn_core.companion.tuning.trials import TRIALS, trial


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the missing records and print a line for each; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.tuning", description=__doc__)
    parser.add_argument("--list", action="store_true", help="list the trials with their numbers of records, and exit")
    parser.add_argument("--trials", nargs="+", default=list(TRIALS), metavar="NAME", help="trials to run; default: all")
    parser.add_argument(
        "--datasets", nargs="+", metavar="NAME[/FOLD]", help="data sets to train on, such as matbench_phonons/0"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="N", help="seeds of the trainings")
    parser.add_argument("--committed", action="store_true", help="keep the records in data/tuning, not build/tuning")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no training after so many minutes")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best there is")
    chosen = parser.parse_args(arguments)
    if chosen.list:
        _list()
        return 0
    if not chosen.datasets:
        parser.error("--datasets is missing: name the data sets to train on")
    if min(chosen.seeds) < 0:
        parser.error("--seeds takes integers of at least 0")
    store = committed_trials() if chosen.committed else local_trials()
    if store is None:
        parser.error("--committed needs a checkout of the repository")
    until = time.monotonic() + 60 * chosen.minutes
    try:
        trials, tasks = [trial(name) for name in chosen.trials], [Task.parse(text) for text in chosen.datasets]
    except ValueError as error:  # its message lists the known names
        parser.error(str(error))
    try:
        made, missing = make_missing(trials, tasks, chosen.seeds, store, _report, until, chosen.device)
    except (BrokenRecord, OutdatedRecord) as error:
        parser.error(str(error))
    total = len(trials) * len(tasks) * len(chosen.seeds)
    print(f"{made} made, {total - made - missing} there already, {missing} still missing: the {store.name} store")
    return 0


def _report(record: TrialRecord) -> None:
    result = f"validation MAE {record.val_mae:.4g}" if record.val_mae is not None else f"diverged: {record.message}"
    print(f"{record.key}: {result}, {record.seconds:.1f} s", flush=True)


def _list() -> None:
    held = {store.name: [record.trial.name for record in store.records().values()] for store in TrialStore.both()}
    for each in TRIALS.values():
        counts = ", ".join(f"{names.count(each.name)} {store}" for store, names in held.items())
        print(f"{each.name}: {each.why} [{counts}]")


if __name__ == "__main__":
    raise SystemExit(main())
