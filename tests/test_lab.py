"""`make lab`: notebooks to play with, as copies."""

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from written_notebooks import write_notebook

from lgdcnn_core.companion.reproduce import lab

TOP = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.fixture
def checkout(tmp_path):
    write_notebook(tmp_path / "notebooks" / "00_start_here.ipynb", "x = 1")
    write_notebook(tmp_path / "notebooks" / "01_train.ipynb", "x = 2")
    return tmp_path


def copy_of(checkout, name):
    return checkout / lab.COPIES / name


def test_copies_are_made_and_follow_the_notebooks(checkout):
    assert lab.copy(checkout) == lab.Copied([], [])
    write_notebook(checkout / "notebooks" / "01_train.ipynb", "x = 3")
    assert lab.copy(checkout) == lab.Copied([], [])
    cells = nbformat.read(copy_of(checkout, "01_train.ipynb"), as_version=4).cells
    assert cells[-1].source == "x = 3"


def test_a_copy_that_was_changed_is_kept_and_said_to_be_outdated_once_its_notebook_changes(checkout):
    lab.copy(checkout)
    mine = write_notebook(copy_of(checkout, "01_train.ipynb"), "x = 'mine'").read_bytes()
    assert lab.copy(checkout) == lab.Copied(["01_train.ipynb"], [])
    write_notebook(checkout / "notebooks" / "01_train.ipynb", "x = 3")
    assert lab.copy(checkout) == lab.Copied(["01_train.ipynb"], ["01_train.ipynb"])
    assert copy_of(checkout, "01_train.ipynb").read_bytes() == mine
    copy_of(checkout, "01_train.ipynb").unlink()
    assert lab.copy(checkout) == lab.Copied([], [])


def test_every_link_of_the_copies_leads_to_a_file_of_the_checkout(tmp_path):
    tracked = subprocess.run(["git", "-C", TOP, "ls-files"], capture_output=True, text=True, check=True).stdout.split()
    shutil.copytree(TOP / "notebooks", tmp_path / "notebooks")
    lab.copy(tmp_path)
    seen = 0
    for path in sorted((tmp_path / lab.COPIES).glob("*.ipynb")):
        text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
        for link in LINK.findall(text):
            if "://" in link:
                continue
            seen += 1
            target = (path.parent / link).resolve().relative_to(tmp_path)
            is_copy = target.is_relative_to(lab.COPIES) and (tmp_path / target).exists()
            assert is_copy or target.as_posix() in tracked, (path.name, link)
    assert seen


def test_jupyterlab_opens_the_introduction_with_the_checkout_as_its_root(checkout, monkeypatch, capsys):
    started = []
    monkeypatch.setattr(lab, "checkout", lambda: checkout)
    monkeypatch.setattr(
        lab.subprocess, "run", lambda words, **how: started.append(words) or subprocess.CompletedProcess(words, 0)
    )
    assert lab.main(["--no-browser"]) == 0
    assert started[0][-3:] == [
        f"--ServerApp.root_dir={checkout}",
        "--LabApp.default_url=/lab/tree/build/lab/00_start_here.ipynb",
        "--no-browser",
    ]
    assert copy_of(checkout, "00_start_here.ipynb").exists()
