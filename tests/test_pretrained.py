"""The trained networks that come with the package: found by name, checked, described, as good as their card says."""

import re
import shutil
import time

import numpy as np
import pytest

from lgdcnn_core import CompositionRegressor, benchmarks, pretrained
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.runs import shipping
from lgdcnn_core.companion.runs.joint import joint_record
from lgdcnn_core.pretrained import catalogue

MEGABYTES_AT_MOST = 25
SECONDS_AT_MOST = 10
"""About one on a quiet machine."""


@pytest.fixture(scope="module")
def joint():
    started = time.perf_counter()
    model = CompositionRegressor.pretrained("joint", device="cpu")
    assert time.perf_counter() - started < SECONDS_AT_MOST
    return model


def test_the_networks_have_names_and_the_package_holds_the_first():
    assert pretrained.names() == ["joint", "joint-ensemble"]
    file = pretrained.path("joint")
    assert file.stat().st_size < MEGABYTES_AT_MOST * 2**20
    with pytest.raises(pretrained.UnknownModel, match="choose from joint, joint-ensemble"):
        pretrained.path("nothing")
    with pytest.raises(pretrained.UnknownModel, match="choose from joint"):
        CompositionRegressor.pretrained("nothing")


def test_a_network_that_was_not_made_here_says_how_to_make_it(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "checkout", lambda: tmp_path)
    monkeypatch.setattr(catalogue, "cache", lambda: tmp_path)
    with pytest.raises(pretrained.MissingModel, match="`make weights` in a checkout makes it"):
        pretrained.path("joint-ensemble")


def test_a_file_that_was_changed_is_refused(monkeypatch, tmp_path):
    shutil.copy(pretrained.path("joint"), tmp_path / "joint.safetensors")
    with (tmp_path / "joint.safetensors").open("r+b") as file:
        file.seek(5_000_000)
        byte = file.read(1)
        file.seek(5_000_000)
        file.write(bytes([byte[0] ^ 1]))
    monkeypatch.setattr(catalogue, "FILES", tmp_path)
    with pytest.raises(pretrained.DamagedModel, match="was damaged or changed"):
        pretrained.path("joint")


def test_it_predicts_18_properties_with_units_and_intervals(joint):
    assert list(joint.properties_) == benchmarks.names("extended")
    mean, lower, upper = joint.predict(["Fe2O3", "SrTiO3"], interval=0.9)
    assert mean.shape == (2, 18)
    assert (lower < mean).all()
    assert (mean < upper).all()
    table = joint.table(["Fe2O3", "SrTiO3"])
    assert dict(zip(table["property"], table["unit"], strict=True))["mp_bulk_modulus"] == "GPa"
    assert (table["distance"] == 0).all()
    bulk = table[table["property"] == "mp_bulk_modulus"].set_index("formula")
    assert bulk["lower"]["Fe2O3"] < 200 < bulk["upper"]["Fe2O3"]


def test_its_weights_are_those_of_the_recorded_training(joint):
    (spec,) = shipping.specs("joint")
    record = joint_record(spec)
    assert record.spec == spec
    assert joint.n_train_ == record.n_train == len(joint.training_compounds_)
    assert joint.recipe_.differing(record.recipe, transformers=False) == []
    store = runs.committed_store()
    run = runs.RunSpec("aflow__ael_bulk_modulus_vrh", recipe="joint")
    recorded = store.predictions(run.key)
    place = joint.properties_.index(run.dataset)
    predicted = joint.predict(recorded["formula"])[:, place]
    np.testing.assert_allclose(predicted, recorded["predicted"], rtol=1e-3, atol=0.05)


def test_the_card_states_the_errors_of_the_records_and_intervals_that_hold(joint):
    text = pretrained.card("joint")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d.e+-]+) \| ([\d.]+)% \|$", text, flags=re.MULTILINE)
    assert [name for name, *_ in rows] == list(joint.properties_)
    store = runs.committed_store()
    for name, mae, coverage in rows:
        recorded = store.read(runs.RunSpec(name, recipe="joint").key).metrics["mae"]
        assert float(mae) == pytest.approx(recorded, rel=2e-3)
        assert 80 < float(coverage) < 97
    for word in ("masked", "licence", "Limits", "bfloat16"):
        assert word in text
    rounding = re.search(r"changes predictions by ([\d.]+)% of the MAE", text)
    assert float(rounding[1]) < 1


def test_it_is_a_start_for_a_training_of_ones_own(joint):
    recipe = joint.recipe_.with_changes(epochs=1, batch_size=8)
    data = benchmarks.load("matbench_jdft2d", fold=0).train.head(16)
    tuned = CompositionRegressor(recipe=recipe, progress=False).fit(data, init="joint")
    layer = "blocks.LSTM.rnn.weight_ih_l0"
    start, end = (model.network_.state_dict() for model in (joint, tuned))
    name = layer if layer in start else next(key for key in start if key.startswith("blocks"))
    assert np.abs(end[name].numpy() - start[name].numpy()).max() < 0.05
