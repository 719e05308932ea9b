"""Saved models, whole and damaged, of this version and others; trainings that start from them."""

import errno
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from compounds import FORMULAS
from safetensors import safe_open
from safetensors.torch import save_file
from small_regressor import BRIEF, TABLE, regressor

from lgdcnn_core import CompositionRegressor, __version__
from lgdcnn_core.models.published import to_published
from lgdcnn_core.regressor import NotASavedModel, saved_model
from lgdcnn_core.training import BadTrainingData, DataWarning


@pytest.mark.parametrize("setting", ["exact", "published"])
@pytest.mark.parametrize("model", ["L-G-DCNN", "CrabNet"])
def test_a_saved_model_needs_nothing_else_and_predicts_the_same_bits(tmp_path, model, setting, monkeypatch):
    fitted = regressor(model=model, setting=setting, recipe=BRIEF.with_changes(epochs=1)).fit(TABLE)
    path = fitted.save(tmp_path / "model.safetensors")
    monkeypatch.setattr("lgdcnn_core.elements.table", None)  # no element table is looked up
    loaded = CompositionRegressor.load(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
    for found, expected in zip(
        loaded.predict(FORMULAS, return_std=True), fitted.predict(FORMULAS, return_std=True), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert loaded.get_params()["model"] == model
    assert loaded.layout_ == fitted.layout_


def test_equal_models_are_equal_files(fitted, tmp_path):
    copies = [CompositionRegressor.load(fitted.save(tmp_path / "first.safetensors")) for _ in range(4)]
    files = [copy.save(tmp_path / f"{number}.safetensors").read_bytes() for number, copy in enumerate(copies)]
    assert len({*files, fitted.save(tmp_path / "again.safetensors").read_bytes()}) == 1


def changed(content: bytes, how: str) -> bytes:
    size = int.from_bytes(content[:8], "little")
    if how == "weights":
        return content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]
    if how == "description":
        return content.replace(b'mean\\": 55.0', b'mean\\": 65.0', 1)
    return content[: (8 + size) // 2] if how == "cut in the header" else content[: (8 + size + len(content)) // 2]


@pytest.mark.parametrize("how", ["weights", "description", "cut in the header", "cut in the weights"])
def test_a_saved_model_that_was_damaged_is_refused(fitted, tmp_path, how):
    path = fitted.save(tmp_path / "model.safetensors")
    content = path.read_bytes()
    path.write_bytes(changed(content, how))
    assert path.read_bytes() != content
    with pytest.raises(NotASavedModel, match=r"model\.safetensors"):
        CompositionRegressor.load(path)


def test_a_model_that_another_version_saved_without_a_hash_is_read(fitted, tmp_path):
    path = fitted.save(tmp_path / "model.safetensors")
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        description = json.loads(file.metadata()["CompositionRegressor"])
    assert len(description.pop("sha256")) == 64
    save_file(tensors, path, {"CompositionRegressor": json.dumps(description)})
    np.testing.assert_array_equal(CompositionRegressor.load(path).predict(FORMULAS), fitted.predict(FORMULAS))


KEPT = ["history_", "histories_", "n_train_", "n_val_", "elements_seen_", "provenance_"]


def test_a_loaded_model_knows_its_training(fitted, tmp_path):
    pair = regressor(n_members=2).fit(TABLE[:8], val=TABLE)
    for model in (fitted, pair):
        loaded = CompositionRegressor.load(model.save(tmp_path / "model.safetensors"))
        assert {name: getattr(loaded, name) for name in KEPT} == {name: getattr(model, name) for name in KEPT}
        assert loaded.history_.seconds > 0
        assert loaded.provenance_["lgdcnn_core"] == __version__
        assert abs(datetime.now(UTC) - datetime.fromisoformat(loaded.provenance_["trained"])) < timedelta(hours=2)
    assert (loaded.n_train_, loaded.n_val_, len(loaded.histories_)) == (8, 10, 2)
    assert "Zn" not in loaded.elements_seen_
    with pytest.warns(
        DataWarning, match=r"2 of 10 compounds have elements that training never saw: Al, S, Si, Zn \(row 8"
    ):
        loaded.predict(FORMULAS)


def test_equal_trainings_are_equal_files_without_their_times(tmp_path):
    files = [regressor().fit(TABLE).save(tmp_path / name, training=False).read_bytes() for name in "ab"]
    loaded = CompositionRegressor.load(tmp_path / "a")
    assert (loaded.n_train_, "Zn" in loaded.elements_seen_, hasattr(loaded, "history_")) == (len(TABLE), True, False)
    assert files[0] == files[1]


def test_a_file_of_an_older_version_says_that_it_does_not_know(fitted, tmp_path):
    path = fitted.save(tmp_path / "model.safetensors")
    description, networks, _ = saved_model.read(path)
    del description["training"]
    saved_model.write(path, description, networks)
    loaded = CompositionRegressor.load(path)
    np.testing.assert_array_equal(loaded.predict(["AuCl", *FORMULAS])[1:], fitted.predict(FORMULAS))
    for name in KEPT:
        with pytest.raises(AttributeError, match=f"{name} of this model is not known: an older version"):
            getattr(loaded, name)
    again = CompositionRegressor.load(loaded.save(path))
    assert not hasattr(again, "history_")
    assert again.fit(TABLE).history_.epochs  # a training of its own
    with pytest.raises(AttributeError, match="no attribute 'colour_'"):
        again.colour_  # noqa: B018


@pytest.mark.parametrize(
    "edit",
    [
        {"training": {"histories_": [{"epochs": {}}]}},
        {"layout": {"setting": "other", "n_max": 3}},
        {"scaling": {}},
        {"parameters": {"recipe": {"epochs": 1}}},
    ],
)
def test_a_model_that_this_version_cannot_use_says_which_saved_it(fitted, tmp_path, edit):
    path = fitted.save(tmp_path / "model.safetensors")
    description, networks, _ = saved_model.read(path)
    later = description | edit | {"lgdcnn_core": "9.9"}
    later["parameters"] = description["parameters"] | edit.get("parameters", {})
    saved_model.write(path, later, networks)
    with pytest.raises(NotASavedModel, match=r"saved by lgdcnn_core 9\.9; this version, .* cannot use it"):
        CompositionRegressor.load(path)


def test_a_model_that_cannot_be_written_leaves_the_old_one(fitted, tmp_path, monkeypatch):
    path = fitted.save(tmp_path / "model.safetensors")
    before = path.read_bytes()

    def fail(file, content):
        file.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")  # as of a full disk, without the name of a file

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match=r"could not be written: No space left on device: .*model\.safetensors"):
        fitted.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_file_that_is_no_saved_model_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(NotASavedModel, match=r"model\.safetensors"):
        CompositionRegressor.load(tmp_path / "model.safetensors")
    with pytest.raises(FileNotFoundError, match=r"missing\.safetensors"):
        CompositionRegressor.load(tmp_path / "missing.safetensors")


def test_fine_tuning_starts_from_the_given_model(fitted, tmp_path):
    nothing = BRIEF.with_changes(epochs=1, lr_max=1e-30, weight_decay=0.0, ema_decay=0.0)
    path = fitted.save(tmp_path / "model.safetensors")
    for init in (fitted, path):
        tuned = regressor(recipe=nothing, seed=9).fit(TABLE, init=init)
        np.testing.assert_allclose(tuned.predict(FORMULAS), fitted.predict(FORMULAS), rtol=1e-5)
    fresh = regressor(recipe=nothing, seed=9).fit(TABLE)
    assert not np.allclose(fresh.predict(FORMULAS), fitted.predict(FORMULAS), rtol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"model": "DCNN"}, "network: init has 'LSTM', and this model 'DCNN'"),
        ({"elements": "onehot"}, "element table: init has 'mat2vec', and this model 'onehot'"),
        ({"elements": "random_200"}, "element table: init has 'mat2vec', and this model 'random_200'"),
        ({"setting": "published"}, "setting: init has 'exact', and this model 'published'"),
        (
            {"recipe": BRIEF.with_changes(order="amount, atomic number")},
            "order: init has 'electronegativity', and this model 'amount, atomic number'",
        ),
    ],
)
def test_fine_tuning_refuses_a_model_that_reads_compounds_in_another_way(fitted, parameters, said):
    with pytest.raises(BadTrainingData, match=f"cannot fine-tune across a change of {said}"):
        regressor(**parameters).fit(TABLE, init=fitted)


def test_fine_tuning_goes_on_from_a_published_checkpoint(fitted, tmp_path):
    scaler = {"mean": 55.0, "std": 30.0}
    content = {"weights": to_published("LSTM", fitted.network_), "scaler_state": scaler, "model_name": "LSTM"}
    torch.save(content, tmp_path / "LSTM.pth")
    published = CompositionRegressor.from_published(tmp_path / "LSTM.pth", n_max=5)
    with pytest.raises(AttributeError, match="n_train_ of this model is not known: its checkpoint"):
        _ = published.n_train_
    assert regressor(setting="published").fit(TABLE, init=published).n_train_ == 10
    with pytest.raises(BadTrainingData, match="setting: init has 'published', and this model 'exact'"):
        regressor().fit(TABLE, init=published)


def test_a_recipe_that_starts_from_another_network_asks_for_it():
    with pytest.raises(BadTrainingData, match="trained on OQMD_Formation_Enthalpy: give it as init"):
        regressor(recipe="transfer").fit(TABLE)
    with pytest.raises(BadTrainingData, match="trained on all extended sets together: give it as init"):
        regressor(recipe="joint-transfer").fit(TABLE)


def test_fine_tuning_leaves_the_given_model_as_it_was(fitted):
    before = fitted.predict(FORMULAS)
    regressor().fit(TABLE, init=fitted)
    np.testing.assert_array_equal(fitted.predict(FORMULAS), before)
