"""Checkpoints: which training goes on from one, and what becomes of a damaged one."""

import os
import pickle
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from compounds import FORMULAS
from small_regressor import BRIEF, TABLE, regressor

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.training import checkpoint
from lgdcnn_core.training.checkpoint import ForeignCheckpoint

NETWORK = "identity+att|MLP"
VAL = TABLE.head(4)
SMALL = {"model": NETWORK, "recipe": BRIEF.with_changes(epochs=3)}


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> CompositionRegressor:
    """A model to start from."""
    return regressor(**SMALL, seed=3).fit(TABLE)


@pytest.fixture(scope="module")
def checkpointed(tmp_path_factory):
    path = tmp_path_factory.mktemp("begun") / "run.pt"
    regressor(**SMALL).fit(TABLE, val=VAL, checkpoint=path, stop_after=1)
    return path


@pytest.fixture
def begun(checkpointed, tmp_path):
    """The checkpoint of a training that ended after one epoch, in a directory of its own."""
    return Path(shutil.copy(checkpointed, tmp_path))


@pytest.fixture(scope="module")
def straight():
    """The training without a stop."""
    return regressor(**SMALL).fit(TABLE, val=VAL)


@pytest.mark.parametrize(
    ("differing", "parameters", "data"),
    [
        ("training data", {}, {"X": TABLE.assign(target=TABLE["target"].iloc[::-1].to_numpy())}),
        ("training data", {}, {"X": TABLE.assign(formula=["KCl", *FORMULAS[1:]])}),
        ("validation data", {}, {"val": TABLE.tail(4)}),
        ("validation data", {}, {"val": None}),
        ("network", {"model": "identity+att_2|MLP"}, {}),
        ("element vectors", {"elements": "random_200"}, {}),  # as wide as mat2vec's
        ("initial weights", {}, {"init": "first"}),
        ("recipe", {"recipe": BRIEF.with_changes(epochs=3, noise=0.1)}, {}),
        ("setting", {"setting": "published"}, {}),
        ("seed", {"seed": 1}, {}),
        ("standardisation", {}, {"X": TABLE.assign(target=2 * TABLE["target"])}),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(begun, first, differing, parameters, data):
    given = {"X": TABLE, "val": VAL} | data
    if "init" in given:
        given["init"] = first
    with pytest.raises(ForeignCheckpoint, match=rf"run\.pt belongs to another training, .*\b{differing}\b"):
        regressor(**SMALL | parameters).fit(**given, checkpoint=begun)
    assert begun.exists()


def test_a_training_that_stops_later_goes_on_from_the_same_checkpoint(begun, straight):
    resumed = regressor(**SMALL).fit(TABLE, val=VAL, checkpoint=str(begun))
    np.testing.assert_array_equal(resumed.predict(FORMULAS), straight.predict(FORMULAS))
    assert resumed.history_.epochs[0].seconds != straight.history_.epochs[0].seconds


class Hostile:
    def __reduce__(self):
        return os.system, ("touch hostile",)


def damaged(path, how):
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("{}")
    elif how == "hostile":
        path.write_bytes(pickle.dumps(Hostile()))
    elif how == "hostile torch":
        torch.save({"format": checkpoint.FORMAT, "fingerprint": Hostile()}, path)
    elif how == "older":
        torch.save({"fingerprint": {}, "state": {}}, path)
    elif how == "list":
        torch.save([1, 2], path)


@pytest.mark.parametrize("how", ["cut", "empty", "text", "hostile", "hostile torch", "older", "list"])
def test_an_unreadable_checkpoint_is_set_aside_and_the_training_begins_anew(begun, straight, how, monkeypatch):
    monkeypatch.chdir(begun.parent)
    damaged(begun, how)
    before = begun.read_bytes()
    with pytest.warns(UserWarning, match=r"run\.pt is damaged, or .* renamed to run\.pt\.unreadable") as said:
        anew = regressor(**SMALL).fit(TABLE, val=VAL, checkpoint=begun)
    assert not any("weights_only" in str(each.message) for each in said)
    assert begun.with_name("run.pt.unreadable").read_bytes() == before
    assert sorted(file.name for file in begun.parent.iterdir()) == ["run.pt", "run.pt.unreadable"]
    np.testing.assert_array_equal(anew.predict(FORMULAS), straight.predict(FORMULAS))


def test_a_checkpoint_that_cannot_be_written_is_found_out_before_the_training(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr("lgdcnn_core.training.loop._Run.epoch", lambda *_: trained.append(1))
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        regressor(**SMALL).fit(TABLE, checkpoint=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        regressor(**SMALL).fit(TABLE, checkpoint=tmp_path / "file" / "run.pt")
    assert not trained


def test_a_disk_that_fills_up_is_named_with_the_file(tmp_path, monkeypatch):
    def fail(content, file):
        file.write_bytes(b"some")
        raise RuntimeError("PytorchStreamWriter failed writing file")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match=r"run\.pt could not be written"):
        regressor(**SMALL).fit(TABLE, checkpoint=tmp_path / "run.pt")
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_say_nothing_where_there_is_nothing_to_say(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regressor(**SMALL).fit(TABLE, checkpoint=tmp_path / "new" / "run.pt")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["run.pt"]
