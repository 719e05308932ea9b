"""A sweep on a cluster: submitit's processes of this machine, and a real Slurm where one answers."""

import os
import shutil
import subprocess
import time

import pytest
from test_sweep import (
    PATIENCE,
    SHORT,
    entries,
    leave_a_foreign_checkpoint,
    require_each_run_once,
    store,
    trained_epochs,
)

from lgdcnn_core.companion.reproduce.engines import slurm
from lgdcnn_core.companion.reproduce.jobs import State
from lgdcnn_core.companion.runs import RunSpec

pytestmark = pytest.mark.usefixtures("benchmark_data")

MINUTES = RunSpec("matbench_phonons", fold=0, model="L-G-DCNN", epochs=120)
"""A run that takes more than the minute that is the shortest time limit of Slurm."""


def slurm_answers():
    if shutil.which("sinfo") is None:
        return False
    try:
        return subprocess.run(["sinfo"], capture_output=True, timeout=10).returncode == 0
    except subprocess.TimeoutExpired:
        return False


on_slurm = pytest.mark.skipif(not slurm_answers(), reason="no Slurm answers to sinfo on this machine")


def made_on(cluster, made, directory, **options):
    slurm.follow(made, slurm.submit(made, cluster, directory / "jobs"), **options)


def test_submitits_processes_make_the_same_list_and_tell_what_failed(tmp_path):
    made = entries([*SHORT, RunSpec("matbench_steels", fold=0, model="LSTM", epochs=1)], tmp_path)
    foreign = leave_a_foreign_checkpoint(made[2].job.task)
    made_on(slurm.Cluster(kind="local", minutes=5), made, tmp_path)
    assert [entry.state for entry in made] == [State.DONE, State.DONE, State.FAILED]
    assert "Traceback (most recent call last)" in str(made[2].error)
    shutil.rmtree(foreign.parent)
    assert require_each_run_once(SHORT, tmp_path) == [False, False]


def test_without_slurm_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(slurm.NoSlurm, match="login node"):
        slurm.submit(entries(SHORT, tmp_path), slurm.Cluster(), tmp_path)


@on_slurm
def test_slurm_makes_every_run_once(tmp_path):
    made = entries(SHORT, tmp_path)
    made_on(slurm.Cluster(minutes=10, options={"nice": "1"}), made, tmp_path)
    assert [entry.state for entry in made] == [State.DONE, State.DONE]
    assert require_each_run_once(SHORT, tmp_path) == [False, False]


@on_slurm
def test_a_job_that_slurm_kills_at_its_time_limit_is_queued_again_and_goes_on_from_its_checkpoint(tmp_path):
    made = entries([MINUTES], tmp_path)
    jobs = slurm.submit(made, slurm.Cluster(minutes=1), tmp_path / "jobs")
    slurm.follow(made, jobs)
    assert [entry.state for entry in made] == [State.DONE]
    assert require_each_run_once([MINUTES], tmp_path) == [True]
    assert "Caught signal SIGUSR2" in jobs[0].stderr()


@on_slurm
def test_a_job_that_was_killed_is_told_and_the_next_call_goes_on(tmp_path):
    made = entries([MINUTES], tmp_path)
    jobs = slurm.submit(made, slurm.Cluster(minutes=30), tmp_path / "jobs")
    killed = []

    def kill(_):
        if trained_epochs(made[0].job.task) >= 2 and not killed:
            killed.append(subprocess.run(["scancel", "--signal=KILL", jobs[0].job_id], check=True))

    slurm.follow(made, jobs, kill, seconds_until_lost=5.0)
    assert [entry.state for entry in made] == [State.FAILED]
    assert "the next call goes on from its checkpoint" in str(made[0].error)
    assert made[0].job.status().progress.saved >= 1
    assert list(store(tmp_path).keys()) == []


@on_slurm
def test_ctrl_c_cancels_the_jobs(tmp_path):
    made = entries([MINUTES], tmp_path)
    jobs = slurm.submit(made, slurm.Cluster(minutes=30), tmp_path / "jobs")

    def interrupt(_):
        if trained_epochs(made[0].job.task) >= 2 and made[0].state is State.RUNNING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slurm.follow(made, jobs, interrupt)
    assert [entry.state for entry in made] == [State.INTERRUPTED]
    deadline = time.monotonic() + PATIENCE
    command = ["squeue", "--noheader", "--user", str(os.getuid())]
    while subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip():
        assert time.monotonic() < deadline
        time.sleep(0.5)
