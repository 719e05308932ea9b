"""Processes that are killed at random moments: nothing is lost, and what the next one makes is the same to the bit.

A few kills in each kind of work by default; the environment variable KILLS is their number in all, as `make test-kills`
sets it.
"""

import hashlib
import multiprocessing
import os
import shutil
import signal
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from small_regressor import BRIEF, TABLE, regressor
from test_sweep import PATIENCE, entries, left_over, local, store, workers_of

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.benchmarks import download
from lgdcnn_core.benchmarks.manifest import manifest
from lgdcnn_core.companion.runs import RunSpec
from lgdcnn_core.training import checkpoint

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills with a signal")

KINDS = ("training", "unpacking of data", "saving of a model", "sweep")
KILLS = int(os.environ.get("KILLS", str(len(KINDS))))
SWEPT = [RunSpec("matbench_jdft2d", fold=0, model="LSTM", seed=seed, epochs=20, train_fraction=0.2) for seed in (0, 1)]

IMPORTED_ONCE = ["lgdcnn_core.companion.reproduce.sweep", "lgdcnn_core.regressor", "pymatgen.core", "pytorch_optimizer"]
"""Modules that the server of processes imports for all of them, so that most kills do not fall on an import."""

Hashes = dict[str, str]


def hashes(directory: Path, pattern: str = "*") -> Hashes:
    files = (file for file in sorted(directory.rglob(pattern)) if file.is_file())
    return {str(file.relative_to(directory)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def kill(process: multiprocessing.Process, _: np.random.Generator) -> bool:
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


@dataclass(frozen=True)
class Work:
    """Work that a process does in a directory, and that another one takes up after a kill.

    Attributes
    ----------
    do
        Does the work; importable by another process.
    require_whole
        Raises if what is in the directory after a kill is not whole.
    result
        Hashes of what the finished work has made.
    kill
        Kills the process or, in a sweep, one of its own; returns whether there was one left to kill.
    """

    do: Callable[[Path], None]
    require_whole: Callable[[Path], None]
    result: Callable[[Path], Hashes]
    kill: Callable[[multiprocessing.Process, np.random.Generator], bool] = kill


# Training: a checkpoint after every epoch of two networks, then the model


def train(directory: Path) -> None:
    checkpoint.SHARE = float("inf")
    warnings.simplefilter("error")  # a checkpoint that is damaged, or of another training, is an error here
    estimator = regressor(model="DCNN-K1", recipe=BRIEF.with_changes(epochs=12), n_members=2)
    estimator.fit(TABLE, val=TABLE, checkpoint=directory / "run.pt").save(directory / "model", training=False)


def require_readable_checkpoints(directory: Path) -> None:
    for file in directory.glob("*.pt"):
        assert checkpoint.without_code(file)["format"] == checkpoint.FORMAT
    if (directory / "model").exists():
        CompositionRegressor.load(directory / "model")


def model_file(directory: Path) -> Hashes:
    assert not list(directory.glob("*unreadable*"))
    return hashes(directory, "model")


# Data: unpacked from archives with the members of the real wheels


def unpack(wheels: Path, directory: Path) -> None:
    download.pip_download = lambda target: shutil.copytree(wheels, target)
    if not (directory / "benchmark").exists():
        download.fill(directory / "benchmark")


def require_all_data_or_none(directory: Path) -> None:
    if (directory / "benchmark").exists():
        download.verify(directory / "benchmark")
    for left in directory.glob(f"{download.TEMPORARY}*"):
        shutil.rmtree(left)  # it would go after a day


# Models: two, saved in turn to one file


def save(models: tuple[Path, Path], directory: Path) -> None:
    loaded = [CompositionRegressor.load(path) for path in models]
    for number in range(8):
        loaded[number % 2].save(directory / "model")


def require_either_model(models: tuple[Path, Path], directory: Path) -> None:
    if (directory / "model").exists():
        assert (directory / "model").read_bytes() in [path.read_bytes() for path in models]
    assert len(list(directory.iterdir())) <= 2  # at most one temporary file, of the last kill


# A sweep: two runs at once, each in a process of its own


def sweep(directory: Path) -> None:
    local.run(entries(SWEPT, directory), 2, device="cpu")


def kill_in_sweep(process: multiprocessing.Process, generator: np.random.Generator) -> bool:
    """Kill a worker, which is started again, or all: the process, upon which its workers stop."""
    workers = workers_of(process.pid)
    if workers and generator.random() < 0.5:
        with suppress(psutil.NoSuchProcess):
            workers[generator.integers(len(workers))].kill()
            return True
        return False
    killed = kill(process, generator)
    _, alive = psutil.wait_procs(workers, PATIENCE)
    assert not alive
    return killed


def require_readable_records(directory: Path) -> None:
    for key in store(directory).keys():  # noqa: SIM118 (not a dict)
        store(directory).read(key)


def records(directory: Path) -> Hashes:
    assert sorted(store(directory).keys()) == sorted(spec.key for spec in SWEPT)
    assert left_over(directory) == []
    found = {spec.key: store(directory).read(spec.key) for spec in SWEPT}
    return {key: repr((record.outputs, record.metrics)) for key, record in found.items()}


@pytest.fixture(scope="module")
def works(tmp_path_factory, benchmark_data) -> dict[str, Work]:
    given = tmp_path_factory.mktemp("given")
    for project in {entry.wheel for entry in manifest().values()}:
        (given / "wheels").mkdir(exist_ok=True)
        with zipfile.ZipFile(given / "wheels" / f"{project}-0-py3-none-any.whl", "w") as archive:
            for entry in manifest().values():
                if entry.wheel == project:
                    archive.write(benchmark_data / entry.path, entry.member)
    models = given / "first", given / "second"
    for seed, path in enumerate(models):
        regressor(model="L-G-DCNN", recipe=BRIEF.with_changes(epochs=1), seed=seed).fit(TABLE).save(path)
    each = (
        Work(train, require_readable_checkpoints, model_file),
        Work(partial(unpack, given / "wheels"), require_all_data_or_none, hashes),
        Work(partial(save, models), partial(require_either_model, models), hashes),
        Work(sweep, require_readable_records, records, kill_in_sweep),
    )
    return dict(zip(KINDS, each, strict=True))


@dataclass
class Tally:
    kills: int = 0
    finished: int = 0
    kinds: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def tally(request) -> Iterator[Tally]:
    """Count kills, and print what came of them unless a test failed."""
    counted = Tally()
    yield counted
    if request.session.testsfailed:
        return
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write(
            f"\n{counted.kills} kills in {', '.join(counted.kinds)}: nothing was lost, and the results of all "
            f"{counted.finished} works that were finished are equal to the bit\n"
        )


def begun(work: Work, place: Path) -> multiprocessing.Process:
    place.mkdir(exist_ok=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED_ONCE)
    process = context.Process(target=work.do, args=(place,))
    process.start()
    return process


def finished(work: Work, place: Path) -> Hashes:
    process = begun(work, place)
    process.join()
    assert process.exitcode == 0
    return work.result(place)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_work_is_taken_up_and_ends_as_if_it_had_never_been(kind, works, tally, tmp_path):
    work, kills = works[kind], len(range(KINDS.index(kind), KILLS, len(KINDS)))
    generator = np.random.default_rng(KINDS.index(kind))
    finished(work, tmp_path / "first")  # later ones find all modules imported
    started = time.monotonic()
    expected = finished(work, tmp_path / "whole")
    seconds = time.monotonic() - started
    assert expected
    place, n_places, n_kills = tmp_path / "0", 1, 0
    while n_kills < kills:
        process = begun(work, place)
        process.join(generator.uniform(0, seconds))
        if process.is_alive():
            n_kills += work.kill(process, generator)
            process.join()
        if process.exitcode == -signal.SIGKILL:
            work.require_whole(place)
            continue
        assert process.exitcode == 0
        assert work.result(place) == expected
        shutil.rmtree(place)
        place, n_places = tmp_path / str(n_places), n_places + 1
    assert finished(work, place) == expected
    tally.kills, tally.finished = tally.kills + n_kills, tally.finished + n_places
    tally.kinds.append(kind)
