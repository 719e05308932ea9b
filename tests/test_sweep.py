"""A sweep on this machine: whatever is killed or interrupted, every run is there afterwards, once."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from made_up_records import made_up

from lgdcnn_core.companion.reproduce import sweep
from lgdcnn_core.companion.reproduce.engines import local
from lgdcnn_core.companion.reproduce.estimate import makespan
from lgdcnn_core.companion.reproduce.jobs import Entry, RunFailed, RunJob, State
from lgdcnn_core.companion.reproduce.progress import Board
from lgdcnn_core.companion.reproduce.task import Status, Task, perform, status
from lgdcnn_core.companion.runs import RunSpec, Store
from lgdcnn_core.training import Progress, checkpoint

pytestmark = pytest.mark.usefixtures("benchmark_data")

SHORT = [RunSpec("matbench_jdft2d", fold=0, model="LSTM", seed=seed, epochs=1, train_fraction=0.05) for seed in (0, 1)]
LONGER = [RunSpec("matbench_jdft2d", fold=0, model="LSTM", seed=seed, epochs=40, train_fraction=0.2) for seed in (0, 1)]
PATIENCE = 180.0  # seconds


def tasks(specs, directory, **options):
    return [Task(spec, directory / "runs", "cpu", **options) for spec in specs]


def entries(specs, directory, **options):
    return [Entry(RunJob(task)) for task in tasks(specs, directory, **options)]


def store(directory):
    return Store("local", directory / "runs")


def left_over(directory):
    return [path for path in (directory / "checkpoints").rglob("*") if path.is_file()]


def trained_epochs(task):
    found = status(task)
    return found.progress.epoch if found else 0


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)


def workers_of(process):
    found = []
    for child in psutil.Process(process).children():
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if "lgdcnn_core.companion.reproduce.task" in child.cmdline():
                found.append(child)
    return found


def leave_a_foreign_checkpoint(task):
    """The run of this task fails: its checkpoint is of another training."""
    checkpoint.write(task.file(".pt"), {"recipe": "another"}, {})
    return task.file(".pt")


def require_each_run_once(specs, directory):
    """Give for each run whether it went on from a checkpoint."""
    assert sorted(store(directory).keys()) == sorted(spec.key for spec in specs)
    records = [store(directory).read(spec.key) for spec in specs]
    for record in records:
        assert record.learning_curve["epoch"] == list(range(1, record.spec.full_recipe().epochs + 1))
    assert left_over(directory) == []
    return [record.resumed for record in records]


def test_a_failed_run_is_told_at_once_with_its_traceback_and_the_others_go_on(tmp_path, capsys):
    made = entries(SHORT, tmp_path)
    leave_a_foreign_checkpoint(made[0].job.task)
    with Board(file=io.StringIO()) as board:
        local.run(made, 1, board.show, "cpu")
    assert [entry.state for entry in made] == [State.FAILED, State.DONE]
    assert isinstance(made[0].error, RunFailed)
    assert list(store(tmp_path).keys()) == [SHORT[1].key]
    said = board.file.getvalue()
    assert said.index("failed after") < said.index("seed 1): done in")
    assert re.search(r"^error: LSTM on Matbench.*Traceback .most recent call last", capsys.readouterr().err, re.DOTALL)


def test_a_killed_worker_is_started_again_and_its_run_goes_on(tmp_path):
    made = entries(LONGER, tmp_path)
    killed = []

    def kill_the_first(_):
        if not killed and trained_epochs(made[0].job.task) >= 2:
            [worker] = [each for each in workers_of(os.getpid()) if '"seed": 0' in each.cmdline()[-2]]
            killed.append(worker)
            worker.kill()

    local.run(made, 2, kill_the_first, "cpu")
    assert killed
    assert [entry.state for entry in made] == [State.DONE, State.DONE]
    assert require_each_run_once(LONGER, tmp_path) == [True, False]


DISPATCHER = """
import sys; sys.path.insert(0, sys.argv[2])
from test_sweep import LONGER, Path, entries, local
local.run(entries(LONGER, Path(sys.argv[1])), 2, device="cpu")
"""


def test_after_a_killed_dispatcher_its_workers_stop_at_a_checkpoint_and_the_next_one_goes_on(tmp_path):
    dispatcher = subprocess.Popen([sys.executable, "-c", DISPATCHER, str(tmp_path), str(Path(__file__).parent)])
    running = tasks(LONGER, tmp_path)
    wait_until(lambda: any(trained_epochs(task) >= 2 for task in running), "a run trains")
    orphans = workers_of(dispatcher.pid)
    assert orphans
    os.kill(dispatcher.pid, signal.SIGKILL)
    dispatcher.wait()
    _, alive = psutil.wait_procs(orphans, PATIENCE)
    assert not alive
    assert len(list(store(tmp_path).keys())) < 2
    local.run(entries(LONGER, tmp_path), 2, device="cpu")
    assert any(require_each_run_once(LONGER, tmp_path))


def test_ctrl_c_says_interrupted_not_failed_and_the_next_call_from_which_epoch_it_goes_on(tmp_path, capsys):
    spec = LONGER[0]
    made = entries([spec, *SHORT], tmp_path)
    first, second = Board(file=io.StringIO()), Board(file=io.StringIO())

    def interrupt(all_entries):
        first.show(all_entries)
        found = made[0].status()
        if found and found.progress.saved >= 2 and made[0].state is State.RUNNING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local.run(made, 1, interrupt, "cpu")
    assert [entry.state for entry in made] == [State.INTERRUPTED, State.WAITING, State.WAITING]
    assert workers_of(os.getpid()) == []
    line = first.file.getvalue().splitlines()[-1]
    saved = int(re.search(r": interrupted at epoch \d+ of 40; the next call goes on from epoch (\d+)$", line).group(1))
    local.run(entries([spec], tmp_path), 1, second.show, "cpu")
    said = second.file.getvalue()
    assert f"goes on from epoch {saved} of 40\n" in said
    assert "failed after" not in first.file.getvalue() + said
    assert capsys.readouterr().err == ""
    assert require_each_run_once([spec], tmp_path) == [True]


def test_a_run_stops_at_its_checkpoint_before_its_time_is_up_and_goes_on_in_the_next_call(tmp_path):
    [task] = tasks(SHORT[:1], tmp_path, deadline=time.time())
    assert not perform(task)
    assert list(store(tmp_path).keys()) == []
    [task] = tasks(SHORT[:1], tmp_path, deadline=time.time() + PATIENCE)
    assert perform(task)
    assert require_each_run_once(SHORT[:1], tmp_path) == [False]


def test_no_run_is_begun_that_cannot_end_in_time_by_its_estimate(tmp_path):
    deadline = time.time() + 60
    made = [Entry(RunJob(task, estimate=100.0)) for task in tasks(LONGER[:1], tmp_path, deadline=deadline)]
    local.run(made, 1, device="cpu", deadline=deadline)
    assert made[0].state is State.TOO_LONG
    # With three quarters of its epochs in a checkpoint, the rest of it fits.
    tell(made[0].job.task, epoch=30, saved=30)
    assert made[0].job.seconds == pytest.approx(10.0 + 25.0)


def test_two_processes_that_want_the_same_run_make_it_once(tmp_path):
    [task] = tasks(SHORT[:1], tmp_path)
    lock = task.file(".lock")
    lock.parent.mkdir(parents=True)
    ended = []
    with FileLock(lock):
        second = threading.Thread(target=lambda: ended.append(perform(task)))
        second.start()
        second.join(0.5)
        assert second.is_alive()
        store(tmp_path).write(*made_up(task.spec, mae=7.0))
    second.join(PATIENCE)
    assert ended == [True]
    assert store(tmp_path).read(task.spec.key).metrics["mae"] == 7.0


# What the terminal says


def tell(task, epoch, saved, began=0.0, val_error=9.2071):
    """Write how far a run is, as its process would."""
    import json
    from dataclasses import asdict

    task.file(".progress").parent.mkdir(parents=True, exist_ok=True)
    told = Status(Progress(epoch, task.spec.full_recipe().epochs, saved, val_error), 0, began)
    task.file(".progress").write_text(json.dumps(asdict(told)))


def test_a_running_training_shows_epoch_error_and_time_left_and_all_jobs_are_counted(tmp_path):
    bulk = RunSpec("aflow__ael_bulk_modulus_vrh")
    made = [Entry(RunJob(task, estimate=50.0)) for task in tasks([bulk, *SHORT], tmp_path)]
    made[0].begin()
    made[0].began -= 60.0
    tell(made[0].job.task, epoch=20, saved=19, began=made[0].began)
    made[1].begin()
    made[1].end(State.FAILED, RunFailed("why"))
    board = Board(workers=2, file=io.StringIO())
    board.last_line -= 100.0
    board.show(made)
    told = board.file.getvalue().splitlines()
    assert told[-2] == "L-G-DCNN on AFLOW bulk modulus: epoch 20 of 60, validation MAE 9.207 GPa, 2 min left"
    assert told[-1] == "0 done, 1 running, 1 failed, 1 waiting; about 2 min left"


def test_time_left_is_that_of_the_longest_slot():
    assert makespan([5.0, 4.0, 3.0, 3.0], 2) == 8.0
    assert makespan([5.0, 4.0, 3.0], 1) == 12.0
    assert makespan([], 3) == 0.0


def test_the_longest_run_begins_first_where_several_go_on_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    jobs = sweep.jobs([*SHORT, LONGER[0]], [1.0, 2.0, 3.0])
    assert [job.estimate for job in sweep.in_order(jobs, workers=1)] == [1.0, 2.0, 3.0]
    assert [job.estimate for job in sweep.in_order(jobs, workers=2)] == [3.0, 2.0, 1.0]
    # Where the time is not enough for all, the list says which are wanted first.
    assert [job.estimate for job in sweep.in_order(jobs, 2, time.time() + 10.0)] == [1.0, 2.0, 3.0]
    assert [job.estimate for job in sweep.in_order(jobs, 2, time.time() + 90.0)] == [3.0, 2.0, 1.0]


def test_each_process_gets_its_share_of_the_cores_and_one_gpu(monkeypatch):
    monkeypatch.setattr(local, "cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [local.threads(workers) for workers in (1, 3, 8, 20)] == [8, 2, 1, 1]
    assert local.environment(0, 4, "cpu") == {"OMP_NUM_THREADS": "2"}
    monkeypatch.setattr(local, "_gpus", lambda device: ["2", "3"])
    gpus = [local.environment(slot, 4, None)["CUDA_VISIBLE_DEVICES"] for slot in range(4)]
    assert gpus == ["2", "3", "2", "3"]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert local.threads(8) == 3
