"""Reproduce a profile: its runs and the notebooks that show them, in an order that gives results early."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.figures.export import VARIABLE as FIGURES_VARIABLE
from lgdcnn_core.companion.records.places import VARIABLE as RUNS_VARIABLE
from lgdcnn_core.companion.reproduce import gallery, kernel, parameters, sweep, views
from lgdcnn_core.companion.reproduce.comparison import compare, render
from lgdcnn_core.companion.reproduce.engines import local, slurm
from lgdcnn_core.companion.reproduce.engines.slurm import Cluster
from lgdcnn_core.companion.reproduce.estimate import estimate, readable
from lgdcnn_core.companion.reproduce.jobs import Entry, Job, NotebookJob, RunJob, State
from lgdcnn_core.companion.reproduce.profiles import (
    FIRST_LOOK,
    SHOWING_RUNS,
    TRAINING_NOTEBOOK,
    other_notebooks,
    shown_notebooks,
)
from lgdcnn_core.companion.reproduce.progress import Board
from lgdcnn_core.companion.runs import RunSpec, load_records, local_store
from lgdcnn_core.companion.wording import counted
from lgdcnn_core.training import choose

LONG = 24 * 3600.0
"""Estimated seconds above which a reproduction prints a warning."""


@dataclass(frozen=True)
class Plan:
    """Settings with which a profile is reproduced.

    Attributes
    ----------
    top
        The checkout.
    device
        As in `training.choose`.
    workers
        Number of runs and notebooks at once.
    deadline
        Time (`time.time`) at which everything has to end; None: no limit.
    runs_only
        Make records, but run no notebooks.
    cluster
        Cluster that makes the runs; None: this machine does.
    with_copies
        Run the training notebook for every run, to look at; it takes some ten seconds each.
    """

    top: Path
    device: str | None = None
    workers: int = 1
    deadline: float | None = None
    runs_only: bool = False
    cluster: Cluster | None = None
    with_copies: bool = True

    @property
    def draws_each_run(self) -> bool:
        """Whether the training notebook shows every run."""
        return self.with_copies and not self.runs_only and self.cluster is None

    @property
    def executed(self) -> Path:
        """Directory of the executed notebooks."""
        return self.top / "build" / "notebooks"

    @property
    def figures(self) -> Path:
        """Directory of the figures."""
        return self.top / "build" / "figures"

    def notebook(self, path: Path, output: Path | None = None, **values: Any) -> NotebookJob:
        """Return the job of a notebook; its parameters are checked now, not after hours of training."""
        parameters.check(path, values)
        output = output or self.executed / path.name
        title = str(output.relative_to(self.executed).with_suffix(""))
        return NotebookJob(path, output, title, self.figures, values)

    def training_notebook(self, spec: RunSpec) -> NotebookJob:
        """Return the job of the notebook that shows a run."""
        path = self.top / "notebooks" / TRAINING_NOTEBOOK
        output = self.executed / path.stem / f"{spec.key}.ipynb"
        return self.notebook(path, output, **spec.as_dict(), device=self.device)

    def seconds(self, specs: Sequence[RunSpec]) -> list[float]:
        """Estimate the seconds of each run on this machine, with the threads that each gets."""
        before = torch.get_num_threads()
        torch.set_num_threads(local.threads(self.workers))
        try:
            return estimate(specs, self.device)
        finally:
            torch.set_num_threads(before)

    def describe(self) -> str:
        """Describe where runs are made."""
        device = choose(self.device).describe()["device"]
        threads = local.threads(self.workers)
        return f"{device}, {self.workers} at once with {threads} thread{'s' * (threads > 1)} each"


def list_runs(specs: Sequence[RunSpec], plan: Plan) -> None:
    """Print the time that a profile's missing runs take on this device: in all, then one line per data set."""
    missing = sweep.missing(specs)
    made = sweep.in_order(sweep.jobs(missing, plan.seconds(missing)), plan.workers)
    total = readable(sweep.duration(made, plan.workers))
    print(f"{len(missing)} of {counted(len(specs), 'run')} to make: about {total} on this machine ({plan.describe()})")
    for dataset in dict.fromkeys(spec.dataset for spec in specs):
        n_runs = sum(spec.dataset == dataset for spec in specs)
        n_recorded = n_runs - sum(spec.dataset == dataset for spec in missing)
        seconds = sum(job.seconds or 0.0 for job in made if job.task.spec.dataset == dataset)
        said = f"{n_runs} run{'s' * (n_runs > 1)}" + (f", {n_recorded} recorded" if n_recorded else "")
        print(f"{readable(seconds) if seconds else '-':>9}  {dataset}: {said}")
    print("Each line adds up runs made one after another; a training that stops early takes less.")


def reproduce(specs: Sequence[RunSpec], plan: Plan) -> int:
    """Make the runs of a profile, run the notebooks and print the table; return the exit status.

    The first notebook draws from the project's own records, so that there is something to look at while networks train.
    Notebooks that show no runs of this machine run beside the trainings; the others follow.
    """
    before = _changes(plan.top)
    missing = sweep.missing(specs)
    early, late = _notebooks(specs, missing, plan)
    drawings = {spec: plan.training_notebook(spec) for spec in missing if plan.draws_each_run}
    benchmarks.fetch()
    runs = sweep.jobs(missing, plan.seconds(missing), plan.device, plan.deadline)
    runs = sweep.in_order(runs, plan.workers, plan.deadline)
    _foretell(runs, plan)
    for job in runs:
        job.drawing = drawings.get(job.task.spec)
    away = [Entry(job) for job in runs if plan.cluster is not None]
    here = [] if away else runs
    ahead = plan.workers - 1
    order: list[Job] = [*early[:1], *here[:ahead], *early[1:], *here[ahead:]]
    beside = [Entry(job) for job in order]
    after = [Entry(job) for job in late]
    _run(away, beside, after, plan)
    print(f"\n{render(compare(specs, load_records()))}\n")
    if not plan.runs_only:
        print(f"executed notebooks: {plan.executed}\nfigures: {plan.figures}")
    if (now := _changes(plan.top)) != before:
        print(f"warning: the checkout changed meanwhile:\n{now}", file=sys.stderr)
    return _conclude([*away, *beside, *after])


def redraw(plan: Plan) -> int:
    """Draw the committed figures from committed records alone, with gallery and notebooks; return the exit status."""
    kernel.check()
    folder = plan.executed / "figures"
    notebooks = shown_notebooks(plan.top / "notebooks")
    jobs = [plan.notebook(path, folder / path.name, **values) for path, values in notebooks.items()]
    with tempfile.TemporaryDirectory(prefix="lgdcnn-") as empty:
        # A notebook reads both stores; with an empty local one it sees what everybody has.
        os.environ |= {RUNS_VARIABLE: empty, FIGURES_VARIABLE: str(plan.top / "figures")}
        entries = [Entry(job) for job in jobs]
        _run([], entries, [], plan)
    if all(entry.state is State.DONE for entry in entries):
        views.write([job.output for job in jobs], plan.top)
        gallery.write(plan.top / "figures", plan.top / "notebooks")
    return _conclude(entries)


def _notebooks(
    specs: Sequence[RunSpec], missing: Sequence[RunSpec], plan: Plan
) -> tuple[list[NotebookJob], list[NotebookJob]]:
    """Notebooks to run beside the trainings, the first look first, and after them."""
    if plan.runs_only:
        return [], []
    kernel.check()
    directory = plan.top / "notebooks"
    made = [spec for spec in specs if spec not in missing] if plan.draws_each_run else []
    unseen = [job for job in map(plan.training_notebook, made) if not job.output.exists()]
    others = [plan.notebook(path) for path in other_notebooks(directory)]
    if not missing:
        return unseen + others, []
    late = [job for job in others if job.path.name in SHOWING_RUNS]
    look = [plan.notebook(job.path, stores="committed") for job in late if job.path.name == FIRST_LOOK]
    return [*look, *unseen, *(job for job in others if job not in late)], late


def _foretell(runs: Sequence[RunJob], plan: Plan) -> None:
    """Say how long the runs will take, with a warning where that is more than a day."""
    if not runs:
        return
    seconds = sweep.duration(runs, plan.workers)
    print(f"{counted(len(runs), 'run')} to make: about {readable(seconds)} ({plan.describe()})", flush=True)
    if seconds > LONG:
        print(
            "warning: this takes long on this machine. You can interrupt it at any time, and the next call goes on. A "
            "GPU or a cluster (ARGS=--slurm) takes a fraction of this time, and PROFILE=quick takes minutes.",
            file=sys.stderr,
            flush=True,
        )


def _run(away: list[Entry], beside: list[Entry], after: list[Entry], plan: Plan) -> None:
    """Do jobs: some on the cluster, some here beside them, and some when these are done."""
    everything = [*away, *beside, *after]
    with Board(plan.workers) as board:

        def show(_: Sequence[Entry]) -> None:
            board.show(everything)

        jobs = []
        if away and plan.cluster is not None:
            jobs = slurm.submit(away, plan.cluster, local_store().path.parent / "jobs")
        try:
            local.run(beside, plan.workers, show, plan.device, plan.deadline)
        except BaseException:
            slurm.cancel(away, jobs)
            raise
        slurm.follow(away, jobs, show)
        local.run(after, plan.workers, show, plan.device, plan.deadline)


def _conclude(entries: Sequence[Entry]) -> int:
    """Say which jobs are not done; return the exit status."""
    unfinished = [entry for entry in entries if entry.state in (State.STOPPED, State.TOO_LONG)]
    if unfinished:
        print(f"{len(unfinished)} of {len(entries)} did not finish in time. The next call goes on with them.")
    failed = [entry.job.title for entry in entries if entry.state is State.FAILED]
    if failed:
        print(f"error: {len(failed)} of {len(entries)} failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _changes(top: Path) -> str:
    """List the files that git sees as changed in the checkout; none where there is no git."""
    with suppress(OSError):
        return subprocess.run(["git", "-C", top, "status", "--porcelain"], capture_output=True, text=True).stdout
    return ""
