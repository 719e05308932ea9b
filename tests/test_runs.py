import json
import math
import os
import platform
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
from made_up_records import PREDICTED, made_up

from lgdcnn_core import CompositionRegressor, runs, training
from lgdcnn_core.benchmarks import Split, UnknownDataSetError
from lgdcnn_core.models import UnknownNetwork
from lgdcnn_core.runs import (
    BrokenRecord,
    InvalidSpec,
    JointSpec,
    OutdatedRecord,
    RecordExists,
    RunRecord,
    RunSpec,
    Store,
    execution,
    joint,
    metrics,
    provenance,
    weights,
)
from lgdcnn_core.runs.table import COLUMNS
from lgdcnn_core.training import UnknownRecipe

BULK = "aflow__ael_bulk_modulus_vrh"


@pytest.fixture
def store(tmp_path):
    return Store("local", tmp_path / "runs")


@pytest.fixture
def recorded(store):
    """A store with one made-up record, and its specification."""
    spec = RunSpec(BULK, seed=3)
    store.write(*made_up(spec))
    return store, spec


# The specification


def test_a_key_is_readable_and_names_what_is_not_default():
    paper = RunSpec(BULK, recipe="paper", setting="published", seed=42)
    assert paper.key == f"{BULK}/L-G-DCNN_paper_published_seed42"
    changed = RunSpec("matbench_jdft2d", fold=0, model="CrabNet", epochs=30, train_fraction=0.25)
    assert changed.key == "matbench_jdft2d/CrabNet_fast_exact_fold0_epochs30_fraction0.25_seed0"


def test_different_runs_have_different_keys_and_every_key_is_safe_as_a_path():
    specs = [
        RunSpec("matbench_steels", fold, model, recipe, setting, seed, fraction, epochs, refit)
        for fold in (0, 4)
        for model in ("L-G-DCNN", "DCNN-K1")
        for recipe in ("fast", "paper")
        for setting in ("exact", "published")
        for seed in (1, 11)
        for fraction in (1.0, 0.1, 0.1 + 1e-16, 1e-9)
        for epochs in (None, 1, 11)
        for refit in ((False, True) if recipe == "fast" else (False,))
    ]
    keys = {spec.key for spec in specs}
    assert len(keys) == len(set(specs))
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", key) for key in keys)


def test_the_recipes_own_epochs_are_not_another_run():
    assert RunSpec(BULK, epochs=training.FAST.epochs) == RunSpec(BULK)
    assert RunSpec(BULK, epochs=7).full_recipe().epochs == 7
    assert RunSpec(BULK).full_recipe() == training.FAST


def test_a_whole_train_fraction_may_be_written_as_an_integer():
    assert RunSpec(BULK, train_fraction=1).key == RunSpec(BULK).key


@pytest.mark.parametrize(
    ("wrong", "error", "hint"),
    [
        ({"dataset": "aflow__ael_bulk"}, UnknownDataSetError, BULK),
        ({"dataset": BULK, "fold": 0}, InvalidSpec, "fold is None"),
        ({"dataset": "matbench_steels"}, InvalidSpec, "fold is 0 to 4"),
        ({"dataset": "matbench_steels", "fold": 5}, InvalidSpec, "not 5"),
        ({"dataset": "matbench_steels", "fold": True}, InvalidSpec, "not True"),
        ({"dataset": BULK, "model": "l-g-dcnn"}, UnknownNetwork, "L-G-DCNN"),
        ({"dataset": BULK, "recipe": "slow"}, UnknownRecipe, "paper, fast"),
        ({"dataset": BULK, "setting": "padded"}, InvalidSpec, "exact or published"),
        ({"dataset": BULK, "seed": -1}, InvalidSpec, "seed"),
        ({"dataset": BULK, "seed": 1.0}, InvalidSpec, "seed"),
        ({"dataset": BULK, "train_fraction": 0}, InvalidSpec, "train_fraction"),
        ({"dataset": BULK, "train_fraction": 1.5}, InvalidSpec, "train_fraction"),
        ({"dataset": BULK, "train_fraction": "0.5"}, InvalidSpec, "train_fraction"),
        ({"dataset": BULK, "epochs": 0}, InvalidSpec, "epochs"),
        ({"dataset": BULK, "epochs": "30"}, InvalidSpec, "epochs"),
        (
            {"dataset": training.TRANSFER.source, "recipe": "transfer"},
            InvalidSpec,
            "compounds that .* is judged on: both are of OQMD",
        ),
        (
            {"dataset": "mp_e_hull", "recipe": "joint-transfer"},
            InvalidSpec,
            "compounds that mp_e_hull is judged on; those of these sets were left out: aflow__ael_bulk",
        ),
        ({"dataset": BULK, "refit": "no"}, InvalidSpec, "True or False"),
        ({"dataset": BULK, "recipe": "paper", "refit": True}, InvalidSpec, "cannot do without validation data"),
    ],
)
def test_a_wrong_specification_says_what_there_is_instead(wrong, error, hint):
    with pytest.raises(error, match=hint) as caught:
        RunSpec(**wrong)
    assert isinstance(caught.value, ValueError)


# Records and stores


def test_a_record_comes_back_as_it_was_written(recorded):
    store, spec = recorded
    assert store.read(spec.key) == made_up(spec)[0]
    pd.testing.assert_frame_equal(store.predictions(spec.key), PREDICTED)
    assert list(store.keys()) == [spec.key]


def test_a_file_of_a_record_has_one_line_a_field_so_that_a_diff_can_be_read(recorded):
    store, spec = recorded
    text = (store.path / spec.key / "record.json").read_text()
    assert len(text.splitlines()) == len(RunRecord.__dataclass_fields__) + 4  # two brackets, format, sha256
    assert json.loads(text)["metrics"]["mae"] == 0.5


@pytest.mark.parametrize(
    ("before", "after"),
    [('"mae": 0.5', '"mae": 0.4'), ('"seed": 3', '"seed": 4'), ("0.5}", "0.5}}"), ("sha256", "sha")],
)
def test_a_record_edited_by_hand_is_refused_with_its_name(recorded, before, after):
    store, spec = recorded
    file = store.path / spec.key / "record.json"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(BrokenRecord, match=re.escape(f"record {spec.key} of the local store")):
        store.read(spec.key)
    with pytest.raises(BrokenRecord, match=re.escape(spec.key)):
        runs.load_records([store])


def test_predictions_that_are_not_the_records_are_refused_with_its_name(recorded):
    store, spec = recorded
    PREDICTED.assign(predicted=PREDICTED["actual"]).to_parquet(store.path / spec.key / "predictions.parquet")
    for reading in (store.read, store.predictions):
        with pytest.raises(BrokenRecord, match=re.escape(spec.key)):
            reading(spec.key)


def test_a_record_without_its_predictions_is_refused(recorded):
    store, spec = recorded
    (store.path / spec.key / "predictions.parquet").unlink()
    with pytest.raises(BrokenRecord, match=re.escape(spec.key)):
        store.read(spec.key)


def test_a_record_under_another_runs_name_is_refused(recorded):
    store, spec = recorded
    other = RunSpec(BULK, seed=4)
    os.rename(store.path / spec.key, store.path / other.key)
    with pytest.raises(BrokenRecord, match=re.escape(f"holds the run {spec.key}")):
        store.read(other.key)


def test_a_record_of_a_future_format_is_refused(recorded, monkeypatch):
    store, spec = recorded
    monkeypatch.setattr(RunRecord, "FORMAT", 2)
    with pytest.raises(BrokenRecord, match="format 1, this package reads 2"):
        store.read(spec.key)


def test_a_record_is_never_overwritten(recorded):
    store, spec = recorded
    with pytest.raises(RecordExists, match=re.escape(spec.key)):
        store.write(*made_up(spec, mae=0.1))
    assert store.read(spec.key).metrics["mae"] == 0.5


def test_a_kill_while_a_record_is_written_leaves_nothing_that_a_reader_sees(store, monkeypatch):
    spec = RunSpec(BULK)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            store.write(*made_up(spec))
    assert spec.key not in store
    assert runs.load_records([store]).empty
    store.write(*made_up(spec))
    assert list(store.keys()) == [spec.key]


def test_a_record_that_is_not_there_is_a_key_error(store):
    with pytest.raises(KeyError, match="no record"):
        store.read(RunSpec(BULK).key)


def test_a_number_that_json_does_not_have_is_not_written(store):
    with pytest.raises(ValueError, match="JSON"):
        store.write(*made_up(RunSpec(BULK), mae=math.nan))


def test_the_local_store_is_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.delenv("LGDCNN_RUNS", raising=False)
    assert runs.local_store().path.parts[-2:] == ("build", "runs")
    assert runs.committed_store().path.parts[-2:] == ("data", "runs")
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    assert runs.local_store() == Store("local", tmp_path)


# Tables


def test_records_become_one_row_each_with_the_name_of_their_store(tmp_path):
    stores = [Store("committed", tmp_path / "a"), Store("local", tmp_path / "b")]
    stores[0].write(*made_up(RunSpec(BULK)))
    stores[1].write(*made_up(RunSpec("matbench_steels", fold=2, epochs=5)))
    table = runs.load_records(stores)
    assert list(table.columns) == COLUMNS
    assert table["store"].tolist() == ["committed", "local"]
    assert table["epochs"].tolist() == [training.FAST.epochs, 5]
    assert table["fold"].isna().tolist() == [True, False]
    assert table["epochs_run"].tolist() == [2, 2]


def test_an_empty_store_is_an_empty_table_with_the_same_columns(store):
    table = runs.load_records([store])
    assert list(table.columns) == COLUMNS
    assert runs.summarise(table).empty


def test_mean_and_spread_over_seeds_are_those_worked_by_hand(tmp_path):
    committed, local = Store("committed", tmp_path / "a"), Store("local", tmp_path / "b")
    for seed, mae in enumerate((1.0, 2.0, 6.0)):
        committed.write(*made_up(RunSpec(BULK, seed=seed), mae=mae))
    committed.write(*made_up(RunSpec(BULK, seed=0, epochs=5), mae=9.0))
    local.write(*made_up(RunSpec(BULK, seed=0), mae=100.0))
    summary = runs.summarise(runs.load_records([committed, local])).set_index(["store", "epochs"])
    mean, std, n = summary.loc[("committed", training.FAST.epochs), ["mean", "std", "n"]]
    assert (mean, n) == (3.0, 3)
    assert std == pytest.approx(math.sqrt(7))  # (4 + 1 + 9) / (3 - 1)
    assert summary.loc[("committed", 5), "mean"] == 9
    assert math.isnan(summary.loc[("local", training.FAST.epochs), "std"])


def test_an_unknown_metric_lists_those_that_exist(store):
    with pytest.raises(ValueError, match="val_mae"):
        runs.summarise(runs.load_records([store]), metric="MAE")


# Metrics and provenance


def test_regression_metrics_are_those_worked_by_hand():
    found = metrics.regression(np.array([1.0, 2.0, 4.0, 5.0]), np.array([1.5, 2.0, 3.0, 5.0]))
    assert found["mae"] == pytest.approx(1.5 / 4)
    assert found["rmse"] == pytest.approx(math.sqrt(1.25 / 4))
    assert found["median_absolute_error"] == pytest.approx(0.25)
    assert found["r2"] == pytest.approx(1 - 1.25 / 10)


def test_the_bootstrap_interval_is_seeded_and_agrees_with_the_normal_one():
    errors = np.random.default_rng(0).exponential(2.0, 4000)
    low, high = metrics.mean_interval(errors, seed=0)
    assert (low, high) == metrics.mean_interval(errors, seed=0)
    assert (low, high) != metrics.mean_interval(errors, seed=1)
    half_width = 1.96 * errors.std() / math.sqrt(len(errors))
    assert low == pytest.approx(errors.mean() - half_width, abs=0.1 * half_width)
    assert high == pytest.approx(errors.mean() + half_width, abs=0.1 * half_width)


def test_a_single_compound_has_an_error_but_no_interval_and_no_r2():
    found = metrics.regression(np.array([1.0]), np.array([1.5]))
    assert found["mae"] == 0.5
    assert (found["mae_low"], found["r2"]) == (None, None)


def test_classification_metrics_are_those_worked_by_hand():
    found = metrics.classification(np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9]))
    assert found["accuracy"] == 0.5
    assert found["f1"] == 0.5
    assert found["roc_auc"] == 0.75
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.4, 0.9]).mean())


def test_the_data_hash_is_of_formulas_and_targets_in_order():
    table = pd.DataFrame({"formula": ["NaN", "Fe2O3"], "target": [1.0, 0.1]}, index=["a", "b"])
    assert provenance.data_hash(table) == sha256(b"NaN\t1.0\nFe2O3\t0.1\n").hexdigest()
    assert provenance.data_hash(table[::-1]) != provenance.data_hash(table)


def test_provenance_names_versions_and_processor_but_neither_machine_nor_path():
    text = json.dumps([provenance.versions(), provenance.machine(), provenance.code()])
    assert "torch" in text
    assert provenance.processor()
    assert platform.node() not in text
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text


@pytest.mark.parametrize(
    ("model_name", "named"),
    [
        ("AMD EPYC", "AMD EPYC, family 26, model 2"),
        ("AMD EPYC 7763 64-Core Processor", "AMD EPYC 7763 64-Core Processor"),
    ],
)
def test_a_processor_whose_name_tells_no_model_is_told_by_numbers(model_name, named):
    block = f"cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: {model_name}\nflags\t\t: fpu: vme"
    assert provenance._named_in(f"{block}\n\n{block.replace('26', '1')}\n") == named
    assert provenance._named_in("Hardware\t: BCM2835") is None


# Execution: real, tiny trainings


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

    monkeypatch.setattr(execution.benchmarks, "load", load)
    monkeypatch.setattr(execution.benchmarks, "without_judged", lambda part, name: part[1:])

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
    assert not list((tmp_path / "checkpoints").rglob("*.pt"))


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
    with pytest.raises(OutdatedRecord, match=r"another lr_max than the recipe 'fast'"):
        tiny(spec)


def test_the_subset_of_a_smaller_fraction_lies_in_that_of_a_larger_one(tiny, store):
    half, quarter = (execution.load_split(RunSpec(BULK, train_fraction=share)).train for share in (0.5, 0.25))
    assert (len(half), len(quarter)) == (14, 7)
    assert set(quarter.index) < set(half.index)
    assert half.index.is_monotonic_increasing
    other_seed = execution.load_split(RunSpec(BULK, train_fraction=0.5, seed=1)).train
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
    monkeypatch.setattr(weights, "checkout", lambda: tmp_path)
    spec = RunSpec(BULK, model="DCNN-K1", epochs=1)
    tiny(spec, weights=True)
    file = tmp_path / "data" / "weights" / f"{spec.key}.safetensors"
    predictions = store.predictions(spec.key)
    again = CompositionRegressor.load(file, device="cpu").predict(predictions["formula"])
    np.testing.assert_array_equal(again, predictions["predicted"])
    before = file.read_bytes()
    file.unlink()
    tiny(spec, weights=True)
    assert file.read_bytes() == before
    assert list(store.keys()) == [spec.key]


def test_a_run_that_starts_from_a_source_trains_its_network_first_and_once(tiny, store, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "checkout", lambda: tmp_path)
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
    np.testing.assert_array_equal(again.predict(expected["formula"]), expected["predicted"])


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
    monkeypatch.setattr(weights, "checkout", lambda: tmp_path)
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
    np.testing.assert_array_equal(again.predict(expected["formula"]), expected["predicted"])
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
    monkeypatch.setattr(weights, "checkout", lambda: tmp_path)
    spec = RunSpec(BULK, model="DCNN-K1", recipe="transfer", epochs=1)
    tiny(spec.source, weights=True)
    monkeypatch.setitem(training.RECIPES, "pretraining", training.PRETRAINING.with_changes(epochs=1))
    with pytest.raises(weights.OutdatedWeights, match="another epochs than the recipe 'pretraining'"):
        tiny(spec)


def test_a_refit_of_a_run_with_a_source_starts_from_it_too(tiny, store, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "checkout", lambda: tmp_path)
    spec = RunSpec(BULK, model="DCNN-K1", recipe="transfer", epochs=1, refit=True)
    record = tiny(spec)
    assert set(store.keys()) == {spec.key, spec.kept_apart.key, spec.source.key}
    assert record.inputs["source"] == store.read(spec.kept_apart.key).inputs["source"]


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_runs
from lgdcnn_core import runs
runs.execution.benchmarks.load = lambda name, fold=None: test_runs.tiny_split()
store = runs.Store("local", Path({store!r}))
runs.execute(test_runs.LONG, store, device="cpu", progress=False, checkpoints=Path({checkpoints!r}))
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
