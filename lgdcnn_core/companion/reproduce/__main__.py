"""`python -m lgdcnn_core.companion.reproduce`: train, run every notebook, and set the numbers side by side.

The profile "quick" takes about fifteen minutes on two plain cores; "ours" has our recipe and the tree baselines on all
28 data sets, "paper" the whole paper by the paper recipe, "efficiency" the runs on nested subsets of four sets. You
can interrupt any profile at any time: the next call skips the runs that have a record and goes on with the others from
their checkpoints.
"""

import argparse
import signal
import sys
import time
from typing import NoReturn

from lgdcnn_core.benchmarks import DataError
from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.reproduce import gallery, parameters, views
from lgdcnn_core.companion.reproduce.engines import local, slurm
from lgdcnn_core.companion.reproduce.engines.slurm import Cluster, NoSlurm
from lgdcnn_core.companion.reproduce.kernel import WrongKernel
from lgdcnn_core.companion.reproduce.profiles import DRAWN, PROFILES
from lgdcnn_core.companion.reproduce.reproduction import Plan, list_runs, redraw, reproduce
from lgdcnn_core.companion.runs import BrokenRecord, OutdatedRecord
from lgdcnn_core.training import UnavailableDevice

FORESEEN = (
    *(DataError, BrokenRecord, OutdatedRecord, UnavailableDevice),
    *(WrongKernel, NoSlurm, parameters.UnfitParameters, views.UnfitView, gallery.NoCaption),
)
"""Errors whose message tells a user enough, without a traceback."""

EXAMPLES = """examples, by make:
  make reproduce PROFILE=ours ARGS=--dry-run
      estimates how long the profile takes on this machine
  LGDCNN_RUNS=~/records/runs make reproduce PROFILE=ours ARGS="--runs-only --workers 8 --minutes 11"
      uses a machine with a GPU that is lent for a quarter of an hour: eight runs at once, all ended after eleven
      minutes. Records go to the directory that LGDCNN_RUNS names, checkpoints beside it. The same call goes on there,
      or on another machine to which you copied both
  make reproduce PROFILE=paper ARGS="--slurm --partition gpu --time 120 --slurm-option gres=gpu:1"
      uses a cluster, from its login node, with one job for each run

A machine without a network needs two more directories. On a machine with a network, `make data` fills data/benchmark
and `pip download -r requirements.lock -d wheels` fills wheels. Copy both, then run on the machine without a network:
PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make setup."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after the program's name; the default is the real ones.

    Returns
    -------
    int
        Exit status: 0 unless anything failed.
    """
    started = time.time()
    parser = _parser()
    chosen = parser.parse_args(arguments)
    _check_together(parser, chosen)
    top = checkout()
    if top is None:
        print("error: the notebooks are in the repository: clone it and install with `pip install -e .`")
        return 1
    try:
        workers = chosen.workers or local.default_workers(chosen.device)
        deadline = None if chosen.minutes is None else started + 60 * chosen.minutes
        drawn = chosen.profile in DRAWN
        plan = Plan(top, chosen.device, workers, deadline, chosen.runs_only, _cluster(chosen), drawn)
        if chosen.figures:
            return redraw(plan)
        specs = PROFILES[chosen.profile]()
        if chosen.dry_run:
            list_runs(specs, plan)
            return 0
        return reproduce(specs, plan)
    except FORESEEN as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the next call goes on", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lgdcnn_core.companion.reproduce",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--profile", choices=list(PROFILES), default="quick", help="default: quick")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best there is")
    parser.add_argument(
        "--workers",
        type=_at_least_one,
        metavar="N",
        help=f"runs at once; default: one per core as memory allows, {local.RUNS_A_GPU} per GPU, all on a cluster",
    )
    parser.add_argument(
        "--minutes",
        type=_minutes,
        metavar="M",
        help="end within M minutes: begin no run that cannot end in time, stop the others at a checkpoint",
    )
    parser.add_argument("--runs-only", action="store_true", help="make the records, but run no notebooks")
    cluster = parser.add_argument_group("on a cluster")
    cluster.add_argument("--slurm", action="store_true", help="make each run as a job of Slurm")
    cluster.add_argument("--partition", metavar="NAME", help="partition of the jobs; default: the cluster's")
    cluster.add_argument(
        "--time",
        type=_at_least_one,
        metavar="MIN",
        help=f"time limit of a job in minutes; a longer run is queued again (default: {Cluster.minutes})",
    )
    cluster.add_argument(
        "--slurm-option",
        type=_option,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of sbatch, such as account=chem or gres=gpu:1; may be given several times",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="estimate the time on this machine, by data set")
    what.add_argument("--figures", action="store_true", help="redraw the committed figures from committed records")
    return parser


def _check_together(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    if not chosen.slurm and (chosen.partition or chosen.time or chosen.slurm_option):
        parser.error("--partition, --time and --slurm-option need --slurm")
    if chosen.slurm and chosen.minutes:
        parser.error("--minutes is for runs on this machine; with --slurm, --time limits a job")


def _cluster(chosen: argparse.Namespace) -> Cluster | None:
    if not chosen.slurm:
        return None
    minutes = chosen.time or Cluster.minutes
    cluster = Cluster(chosen.partition, minutes, chosen.workers, dict(chosen.slurm_option))
    slurm.require(cluster)
    return cluster


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0")
    return value


def _interrupt(signal_number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
