"""Runs as they are made: real, tiny trainings."""

import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_records import made_up

from lgdcnn_core import CompositionRegressor, pretrained, training
from lgdcnn_core.benchmarks import Split
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.records import places, provenance
from lgdcnn_core.companion.runs import (
    DifferentData,
    JointSpec,
    NoValidation,
    OutdatedRecord,
    RunSpec,
    Store,
    execution,
    joint,
    parts,
    weights,
)

BULK = "aflow__ael_bulk_modulus_vrh"


def tiny_split(kind="regression"):
    """40 compounds, ids as Matbench has them."""
    elements = ["Li", "Na", "K", "Mg", "Ca", "Fe", "Cu", "Zn"]
    formulas = [f"{a}{i + 1}O{j + 1}" for i, a in enumerate(elements) for j in range(5)]
    target = np.linspace(1.0, 5.0, 40) if kind == "regression" else np.arange(40) % 2
    index = pd.Index([f"mb-{i:02d}" for i in range(40)], name="id")
    table = pd.DataFrame({"formula": formulas, "target": target}, index=index)
    return Split(table[:28], table[28:34], table[34:])


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Data sets of 40 compounds, whatever their names; a store and checkpoints for their runs."""

    def load(name, fold=None):
        return tiny_split("classification" if name == "matbench_glass" else "regression")

    monkeypatch.setattr(parts.benchmarks, "load", load)
    monkeypatch.setattr(parts.benchmarks, "without_judged", lambda part, name: part[1:])

    def execute(spec, **options):
        where = {"store": Store("local", tmp_path / "runs"), "checkpoints": tmp_path / "checkpoints"}
        return runs.execute(spec, **where | options, device="cpu", progress=False)

    return execute


def test_a_run_leaves_a_record_with_all_that_a_reader_may_ask(tiny, store, tmp_path):
    spec = RunSpec("matbench_steels", fold=1, epochs=2)
    record = tiny(spec)
    assert record == store.read(spec.key)
    predictions = store.predictions(spec.key)
    assert list(predictions.columns) == ["id", "formula", "actual", "predicted", "uncertainty"]
    assert predictions["id"].tolist() == tiny_split().test.index.tolist()
    assert (predictions["uncertainty"] > 0).all()
    errors = (predictions["predicted"] - predictions["actual"]).abs()
    assert record.metrics["mae"] == pytest.approx(errors.mean())
    assert record.metrics["mae_low"] <= record.metrics["mae"] <= record.metrics["mae_high"]
    # The validation MAE is measured again after training, in float32 whatever the training's precision.
    assert record.metrics["val_mae"] == pytest.approx(
        record.learning_curve["val_error"][record.best_epoch - 1], rel=0.01
    )
    assert record.learning_curve["epoch"] == [1, 2]
    assert record.recipe == training.FAST.with_changes(epochs=2).as_dict()
    assert (record.n_train, record.n_val, record.n_test) == (28, 6, 6)
    assert record.inputs["test"] == provenance.data_hash(tiny_split().test)
    assert record.tokens_per_second > 0
    assert record.compute["device"] == "cpu"
    assert not record.resumed
    assert set(record.load) == {"start", "end"}
    assert not list((tmp_path / "checkpoints").rglob("*.pt"))


SPECS = {
    "regression": RunSpec("matbench_steels", fold=1, epochs=1),
    "extended set": RunSpec(BULK, epochs=1),
    "classification": RunSpec("matbench_glass", fold=0, model="DCNN-K1", epochs=1),
    "pretraining": RunSpec(training.TRANSFER.source, model="DCNN-K1", recipe="pretraining", epochs=1),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_metrics_of_a_record_can_be_computed_again_from_its_files(tiny, store, spec):
    record = tiny(spec)
    test, val = store.predictions(spec.key), store.validation(spec.key)
    assert execution.measure(test, val, spec.classification) == record.metrics
    split = parts.load_split(spec)
    for table, part in ((test, split.test), (val, split.val)):
        assert list(table.columns) == ["id", "formula", "actual", "predicted", "uncertainty"]
        assert table["id"].tolist() == part.index.tolist()
        assert table["formula"].tolist() == part["formula"].tolist()
        assert table["actual"].tolist() == part["target"].tolist()
    assert len(val) == record.n_val


def test_a_part_of_the_training_data_keeps_predictions_for_test_data_only(tiny, store):
    spec = RunSpec(BULK, train_fraction=0.5, epochs=1)
    record = tiny(spec)
    measured = execution.measure(store.predictions(spec.key), None, False)
    assert {name: record.metrics[name] for name in measured} == measured | {"val_mae": record.metrics["val_mae"]}
    assert record.metrics["val_mae"] > 0
    assert set(record.outputs) == {"predictions.parquet"}
    with pytest.raises(NoValidation, match="part of the training data"):
        store.validation(spec.key)


def test_a_refit_keeps_predictions_for_test_data_only(tiny, store):
    spec = RunSpec(BULK, model="DCNN-K1", epochs=1, refit=True)
    record = tiny(spec)
    assert execution.measure(store.predictions(spec.key), None, False) == record.metrics
    assert set(record.outputs) == {"predictions.parquet"}
    with pytest.raises(NoValidation, match=f"{re.escape(spec.key)}.*refit.*{re.escape(spec.kept_apart.key)}"):
        store.validation(spec.key)


def test_predictions_are_refused_beside_other_data_than_they_were_made_for(tiny, store, monkeypatch):
    spec = RunSpec(BULK, model="DCNN-K1", epochs=1)
    before, after = (Split(*(part.assign(target=part["target"] + shift) for part in tiny_split())) for shift in (3, 4))
    monkeypatch.setattr(parts.benchmarks, "load", lambda *_, **__: before)
    record = tiny(spec)
    monkeypatch.setattr(parts.benchmarks, "load", lambda *_, **__: after)
    for reading, part in ((store.predictions, "test"), (store.validation, "val")):
        with pytest.raises(DifferentData, match=f"{re.escape(spec.key)}.*{record.inputs[part]}"):
            reading(spec.key)
    assert store.read(spec.key) == record


def test_a_run_that_is_recorded_is_not_made_again(tiny, monkeypatch):
    spec = RunSpec(BULK, epochs=1)
    record = tiny(spec)
    monkeypatch.setattr(execution, "CompositionRegressor", None)
    assert tiny(spec) == record


def test_a_record_made_with_another_recipe_of_that_name_is_not_taken_for_todays(tiny, monkeypatch):
    spec = RunSpec(BULK, epochs=1)
    tiny(spec)
    changed = training.FAST.with_changes(lr_max=0.5)
    monkeypatch.setitem(training.RECIPES, "fast", changed)
    with pytest.raises(OutdatedRecord, match=r"other values of lr_max than today's recipe 'fast'"):
        tiny(spec)


def test_the_subset_of_a_smaller_fraction_lies_in_that_of_a_larger_one(tiny, store):
    half, quarter = (parts.load_split(RunSpec(BULK, train_fraction=share)).train for share in (0.5, 0.25))
    assert (len(half), len(quarter)) == (14, 7)
    assert set(quarter.index) < set(half.index)
    assert half.index.is_monotonic_increasing
    other_seed = parts.load_split(RunSpec(BULK, train_fraction=0.5, seed=1)).train
    assert set(other_seed.index) != set(half.index)
    spec = RunSpec(BULK, train_fraction=0.25, epochs=1)
    record = tiny(spec)
    assert record.n_train == 7
    assert record.inputs["train"] == provenance.data_hash(quarter)


def test_a_refit_trains_on_validation_data_too_up_to_the_epoch_that_validation_chose(tiny, store):
    apart = tiny(RunSpec(BULK, epochs=3))
    record = tiny(RunSpec(BULK, epochs=3, refit=True))
    split = tiny_split()
    assert (record.n_train, record.n_val, record.n_test) == (34, 0, 6)
    assert record.inputs["train"] == provenance.data_hash(pd.concat([split.train, split.val]))
    assert record.inputs["val"] == provenance.data_hash(split.val.iloc[:0])
    assert record.learning_curve["val_error"] == [None] * apart.best_epoch
    assert record.best_epoch == apart.best_epoch
    assert record.recipe == apart.recipe
    assert record.metrics["mae"] > 0
    assert record.metrics["val_mae"] is None
    assert record.validation_chose.startswith("the number of epochs, in the run that kept them apart")


def test_a_refit_makes_the_run_with_validation_data_first_if_it_must(tiny, store):
    spec = RunSpec("matbench_glass", fold=0, model="DCNN-K1", epochs=1, refit=True)
    record = tiny(spec)
    assert set(store.keys()) == {spec.key, replace(spec, refit=False).key}
    assert record.metrics["log_loss"] > 0
    assert record.metrics["val_log_loss"] is None


def test_a_refit_is_never_averaged_with_runs_that_kept_validation_data_apart(store):
    for seed, refit in ((0, False), (1, False), (0, True)):
        store.write(*made_up(RunSpec(BULK, seed=seed, refit=refit)))
    assert sorted(runs.summarise(runs.load_records([store]))["n"]) == [1, 2]


def test_a_classification_records_its_own_metrics(tiny, store):
    spec = RunSpec("matbench_glass", fold=0, model="DCNN-K1", epochs=1)
    record = tiny(spec)
    assert set(record.metrics) == {"accuracy", "roc_auc", "f1", "log_loss", "val_log_loss"}
    predictions = store.predictions(spec.key)
    assert predictions["predicted"].between(0, 1).all()
    assert predictions["uncertainty"].isna().all()


def test_weights_are_kept_on_request_and_predict_what_the_record_says(tiny, store, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    spec = RunSpec(BULK, model="DCNN-K1", epochs=1)
    tiny(spec, weights=True)
    file = tmp_path / "data" / "weights" / f"{spec.key}.safetensors"
    predictions = store.predictions(spec.key)
    again = CompositionRegressor.load(file, device="cpu").predict(predictions["formula"])
    np.testing.assert_array_equal(again.astype(np.float32), predictions["predicted"])
    before = file.read_bytes()
    file.unlink()
    tiny(spec, weights=True)
    assert file.read_bytes() == before
    assert list(store.keys()) == [spec.key]


def test_a_run_that_starts_from_a_source_trains_its_network_first_and_once(tiny, store, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    first, second = (RunSpec(name, model="DCNN-K1", recipe="transfer", epochs=1) for name in (BULK, "mp_mu_b"))
    source = RunSpec(training.TRANSFER.source, model="DCNN-K1", recipe="pretraining")
    assert first.source == second.source == source
    tiny(first)
    assert set(store.keys()) == {source.key, first.key}
    assert store.read(source.key).n_train == 27
    file = tmp_path / "data" / "weights" / f"{source.key}.safetensors"
    assert store.read(first.key).inputs["source"] == sha256(file.read_bytes()).hexdigest()
    made = file.stat().st_mtime_ns
    tiny(second)
    assert file.stat().st_mtime_ns == made
    split = tiny_split()
    again = CompositionRegressor("DCNN-K1", training.TRANSFER.with_changes(epochs=1), device="cpu", progress=False)
    again.fit(split.train, val=split.val, init=file)
    expected = store.predictions(first.key)
    predicted = again.predict(expected["formula"])
    np.testing.assert_array_equal(predicted.astype(np.float32), expected["predicted"])


@pytest.fixture
def tiny_joint(monkeypatch):
    """A joint table of two properties: that of the tiny data sets, and another one."""
    train = tiny_split().train[4:].reset_index(drop=True)
    table = pd.DataFrame({"formula": train["formula"], BULK: train["target"], "mp_mu_b": -train["target"]})
    table.loc[:9, BULK] = np.nan
    monkeypatch.setattr(joint.benchmarks, "joint_table", lambda: table)
    return table


def test_runs_that_start_from_the_joint_training_go_on_from_their_own_property(
    tiny, tiny_joint, store, tmp_path, monkeypatch
):
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    spec = RunSpec(BULK, model="DCNN-K1", recipe="joint-transfer", epochs=1, refit=True)
    record = tiny(spec)
    source = JointSpec("DCNN-K1")
    assert spec.source == spec.kept_apart.source == source
    made = joint.local_joint().read(source.key)
    assert made.spec == source
    assert made.n_train == 24
    assert made.n_known == {BULK: 14, "mp_mu_b": 24}
    assert made.inputs["train"] == provenance.data_hash(tiny_joint)
    assert len(made.learning_curve["loss"]) == training.PRETRAINING.epochs
    assert made.changed_since() == []
    assert list((tmp_path / "checkpoints").rglob("*.pt")) == []
    file = tmp_path / "data" / "weights" / f"{source.key}.safetensors"
    assert record.inputs["source"] == sha256(file.read_bytes()).hexdigest()
    split = tiny_split()
    again = CompositionRegressor(
        "DCNN-K1", training.JOINT_TRANSFER.with_changes(epochs=1), device="cpu", progress=False
    )
    again.fit(split.train, val=split.val, init=file, init_property=BULK)
    expected = store.predictions(spec.kept_apart.key)
    predicted = again.predict(expected["formula"])
    np.testing.assert_array_equal(predicted.astype(np.float32), expected["predicted"])
    # Weights that are lost are trained again, and the record stays.
    before = file.read_bytes()
    file.unlink()
    assert runs.trained(source, store, device="cpu", progress=False) == file
    assert file.read_bytes() == before
    assert joint.local_joint().read(source.key) == made


def test_the_hash_of_several_properties_holds_each_of_them(tiny_joint):
    first = tiny_joint.iloc[9:11]
    rows = "".join(f"{row.formula}\t{row[BULK]!r}\t{row.mp_mu_b!r}\n" for _, row in first.astype(object).iterrows())
    assert "nan" in rows
    assert provenance.data_hash(first) == sha256(rows.encode()).hexdigest()


def test_each_seed_starts_from_a_source_of_its_own():
    assert RunSpec(BULK, recipe="transfer", seed=2).source.seed == 2
    assert RunSpec(BULK, recipe="joint-transfer", seed=2).source.seed == 2
    assert RunSpec(BULK).source is None


def test_weights_of_a_recipe_that_has_changed_are_not_started_from(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    spec = RunSpec(BULK, model="DCNN-K1", recipe="transfer", epochs=1)
    tiny(spec.source, weights=True)
    monkeypatch.setitem(training.RECIPES, "pretraining", training.PRETRAINING.with_changes(epochs=1))
    with pytest.raises(weights.OutdatedWeights, match="other values of epochs than today's recipe 'pretraining'"):
        tiny(spec)


def test_a_refit_of_a_run_with_a_source_starts_from_it_too(tiny, store, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    spec = RunSpec(BULK, model="DCNN-K1", recipe="transfer", epochs=1, refit=True)
    record = tiny(spec)
    assert set(store.keys()) == {spec.key, spec.kept_apart.key, spec.source.key}
    assert record.inputs["source"] == store.read(spec.kept_apart.key).inputs["source"]


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_execution
from lgdcnn_core.companion import runs
runs.parts.benchmarks.load = lambda name, fold=None: test_execution.tiny_split()
store = runs.Store("local", Path({store!r}))
runs.execute(test_execution.LONG, store, device="cpu", progress=False, checkpoints=Path({checkpoints!r}))
"""
LONG = RunSpec(BULK, model="DCNN-K1", epochs=40)


def test_a_run_killed_in_training_resumes_and_ends_with_the_same_numbers(tiny, store, tmp_path):
    checkpoint = tmp_path / "checkpoints" / f"{LONG.key}.pt"
    paths = {
        "tests": str(Path(__file__).parent),
        "store": str(store.path),
        "checkpoints": str(tmp_path / "checkpoints"),
    }
    process = subprocess.Popen([sys.executable, "-c", KILLED.format(**paths)])
    deadline = time.monotonic() + 120
    while not checkpoint.exists():
        assert process.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert LONG.key not in store
    resumed = tiny(LONG)
    whole = tiny(LONG, store=Store("local", tmp_path / "uninterrupted"))
    assert resumed.resumed
    assert not whole.resumed
    assert resumed.outputs == whole.outputs
    assert resumed.metrics == whole.metrics
    assert not checkpoint.exists()


def test_on_large_sets_a_transfer_starts_from_the_network_that_the_package_ships(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    spec = RunSpec("mp_e_hull", recipe="joint-transfer", epochs=1)
    record = tiny(spec)
    assert record.inputs["source"] == sha256(pretrained.path("joint").read_bytes()).hexdigest()
    assert not weights.file_of_weights(spec.source).exists()
    assert weights.shipped(replace(spec.source, seed=1)) is None
    learnt = CompositionRegressor("L-G-DCNN", training.JOINT_TRANSFER.with_changes(epochs=1), device="cpu")
    learnt.fit(tiny_split().train, val=tiny_split().val, init="joint", init_property="mp_e_hull")
    predicted = learnt.predict(tiny_split().test["formula"])
    store = Store("local", tmp_path / "runs")
    assert store.predictions(spec.key)["predicted"].to_numpy() == pytest.approx(predicted, rel=1e-5)
