"""`python -m lgdcnn_core.companion.reproduce`: train, run every notebook, and set the numbers side by side."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lgdcnn_core.benchmarks import DataError
from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.figures.export import VARIABLE as FIGURES_VARIABLE
from lgdcnn_core.companion.records.places import VARIABLE as RUNS_VARIABLE
from lgdcnn_core.companion.reproduce import notebook, parameters
from lgdcnn_core.companion.reproduce.comparison import compare, render
from lgdcnn_core.companion.reproduce.estimate import estimate, readable
from lgdcnn_core.companion.reproduce.kernel import WrongKernel
from lgdcnn_core.companion.reproduce.profiles import PROFILES, TRAINING_NOTEBOOK, drawing_notebooks, other_notebooks
from lgdcnn_core.companion.reproduce.terminal import Line
from lgdcnn_core.companion.runs import BrokenRecord, OutdatedRecord, RunSpec, load_records, local_store, recorded
from lgdcnn_core.training import UnavailableDevice, choose

Job = tuple[Path, Path, dict[str, Any]]
"""A notebook, its executed copy, and the parameters that differ from its defaults."""

FORESEEN = (DataError, BrokenRecord, OutdatedRecord, UnavailableDevice, WrongKernel, parameters.UnfitParameters)
"""Errors whose message is all that a user needs."""

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
        Exit status: 0, or not if anything failed.
    """
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.reproduce", description=__doc__)
    parser.add_argument("--profile", choices=list(PROFILES), default="quick", help="default: quick")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best there is")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="list the runs and estimate their time here")
    what.add_argument("--figures", action="store_true", help="redraw the committed figures, without training")
    chosen = parser.parse_args(arguments)
    top = checkout()
    if top is None:
        print("error: the notebooks are in the repository: clone it and install with `pip install -e .`")
        return 1
    specs = PROFILES[chosen.profile]()
    try:
        choose(chosen.device)
        if chosen.figures:
            return redraw(top)
        if chosen.dry_run:
            list_runs(specs, chosen.device)
            return 0
        return reproduce(specs, top, chosen.device)
    except FORESEEN as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the next call goes on from the last checkpoint", file=sys.stderr)
        return INTERRUPTED


def list_runs(specs: list[RunSpec], device: str | None) -> None:
    """Print the runs of a profile and what training them would take on this device."""
    store = local_store()
    missing = [spec for spec in specs if recorded(spec, store) is None]
    seconds = dict(zip(missing, estimate(missing, device), strict=True))
    for spec in specs:
        print(f"{readable(seconds[spec]) if spec in seconds else 'recorded':>9}  {spec.key}")
    total = readable(sum(seconds.values()))
    described = choose(device).describe()
    print(
        f"{len(missing)} of {len(specs)} runs to make: about {total} on {described['device']} "
        f"({described['threads']} threads), one after another; a training that stops early takes less"
    )


def reproduce(specs: list[RunSpec], top: Path, device: str | None) -> int:
    """Make the runs of a profile, run all other notebooks, print the table; give the exit status."""
    before = _changes(top)
    jobs = _jobs(specs, top, device)
    for path, _, values in jobs:
        # Now, and not after hours of training.
        parameters.check(path, values)
    failed = _run_all(jobs, top)
    print(f"\n{render(compare(specs, load_records()))}\n")
    print(f"executed notebooks: {top / 'build' / 'notebooks'}\nfigures: {top / 'build' / 'figures'}")
    if (after := _changes(top)) != before:
        print(f"warning: the checkout changed meanwhile:\n{after}", file=sys.stderr)
    return failed


def redraw(top: Path) -> int:
    """Draw the committed figures anew, from committed records alone; give the exit status."""
    executed = top / "build" / "notebooks" / "figures"
    jobs: list[Job] = [(path, executed / path.name, {}) for path in drawing_notebooks(top / "notebooks")]
    with tempfile.TemporaryDirectory(prefix="lgdcnn-") as empty:
        # A notebook reads both stores; with an empty local one it sees what everybody has.
        os.environ |= {RUNS_VARIABLE: empty, FIGURES_VARIABLE: str(top / "figures")}
        return _run_all(jobs, top)


def _run_all(jobs: list[Job], top: Path) -> int:
    """Run notebooks one after another, each failure told at once; give the exit status."""
    failures = []
    for number, (path, output, values) in enumerate(jobs, start=1):
        what = output.relative_to(top / "build" / "notebooks").with_suffix("")
        try:
            with Line(f"[{number}/{len(jobs)}] {what}") as line:
                notebook.run(path, output, values, while_running=line.refresh)
        except notebook.NotebookFailed as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            failures.append(what)
    if failures:
        print(f"error: {len(failures)} of {len(jobs)} failed: {', '.join(map(str, failures))}", file=sys.stderr)
    return int(bool(failures))


def _jobs(specs: list[RunSpec], top: Path, device: str | None) -> list[Job]:
    """Notebooks to run: each with its executed copy and its parameters. Runs that are there are left out."""
    executed = top / "build" / "notebooks"
    training = top / "notebooks" / TRAINING_NOTEBOOK
    store = local_store()
    jobs = []
    for spec in specs:
        output = executed / training.stem / f"{spec.key}.ipynb"
        if recorded(spec, store) is None or not output.exists():
            jobs.append((training, output, spec.as_dict() | {"device": device}))
    others = other_notebooks(top / "notebooks")
    return jobs + [(path, executed / path.name, {}) for path in others]


def _changes(top: Path) -> str:
    """List what git sees as changed in the checkout; nothing where there is no git."""
    try:
        return subprocess.run(["git", "-C", top, "status", "--porcelain"], capture_output=True, text=True).stdout
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
