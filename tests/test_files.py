"""Files that appear whole or not at all."""

import os
import subprocess
import sys
import time

import pytest

from lgdcnn_core import files
from lgdcnn_core.files import require_room, written_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from lgdcnn_core.files import written_whole
with written_whole(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(directory) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "model.safetensors"
    with written_whole(path) as partial:
        partial.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["model.safetensors"]


def test_a_file_that_fails_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_text("old")

    def fail(error: type[BaseException]) -> None:
        with written_whole(path) as partial:
            partial.write_text("half")
            raise error

    for error in (OSError, KeyboardInterrupt):
        with pytest.raises(error):
            fail(error)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["model.safetensors"]


def test_processes_that_write_one_file_do_not_share_a_temporary_one(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    with written_whole(path) as mine:
        mine.write_text("mine")
        monkeypatch.setattr(os, "getpid", lambda: 1)  # a process that is alive
        with written_whole(path) as other:
            assert other != mine
            other.write_text("other")
        monkeypatch.undo()
        assert path.read_text() == "other"
        assert mine.exists()
    assert path.read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
def test_what_a_killed_process_left_goes_with_the_next_file(tmp_path):
    path = tmp_path / "run[1].pt"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode < 0
    (left,) = names(tmp_path)
    assert left.endswith(".partial")
    with written_whole(path) as partial:
        partial.write_text("whole")
    assert names(tmp_path) == ["run[1].pt"]


def test_what_another_host_writes_stays_until_it_is_old(tmp_path):
    other = tmp_path / ".run.pt.elsewhere-1234567.partial"
    other.write_text("half")
    path = tmp_path / "run.pt"
    with written_whole(path) as partial:
        partial.touch()
    assert other.exists()
    old = time.time() - files.ABANDONED_AFTER - 1
    os.utime(other, (old, old))
    with written_whole(path) as partial:
        partial.touch()
    assert names(tmp_path) == ["run.pt"]


def test_a_place_that_cannot_be_written_is_found_out_before(tmp_path, monkeypatch):
    require_room(tmp_path / "deep" / "run.pt", 1000)
    assert names(tmp_path / "deep") == []
    with pytest.raises(OSError, match=r"MiB left, and the file needs .*run\.pt"):
        require_room(tmp_path / "run.pt", 2**60)
    with pytest.raises(IsADirectoryError, match="deep"):
        require_room(tmp_path / "deep", 1000)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "run.pt")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    with pytest.raises(PermissionError):
        require_room(tmp_path / "run.pt", 1000)
    assert names(tmp_path) == ["deep"]
