"""Runs: how they are specified, and their records, tables and metrics."""

import json
import math
import os
import platform
import re
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_records import PREDICTED, made_up, made_up_lean, perfect_predictions

from lgdcnn_core import benchmarks, training
from lgdcnn_core.benchmarks import UnknownDataSetError
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.records import provenance, sealed
from lgdcnn_core.companion.runs import (
    BrokenRecord,
    InvalidSpec,
    NoValidation,
    RecordExists,
    RunRecord,
    RunSpec,
    Store,
    metrics,
    predictions,
)
from lgdcnn_core.companion.runs.table import COLUMNS
from lgdcnn_core.models import UnknownNetwork
from lgdcnn_core.training import UnknownRecipe

BULK = "aflow__ael_bulk_modulus_vrh"


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
    assert RunSpec(BULK).full_recipe() == training.FAST.sized(1000)


def test_many_compounds_have_epochs_of_their_own():
    large = RunSpec("OQMD_Bandgap")
    recipe = large.full_recipe()
    assert recipe == training.FAST.sized(239_125)
    assert recipe.epochs < training.FAST.epochs
    assert RunSpec("OQMD_Bandgap", epochs=recipe.epochs) == large
    assert large.nominal_epochs == RunSpec(BULK).nominal_epochs == training.FAST.epochs
    assert RunSpec("OQMD_Bandgap", epochs=7).nominal_epochs == 7
    few = RunSpec("OQMD_Bandgap", train_fraction=0.05)
    assert few.full_recipe() == RunSpec(BULK).full_recipe()
    with pytest.raises(InvalidSpec, match=f"for so many it is {recipe.epochs}"):
        RunSpec("OQMD_Bandgap", epochs=training.FAST.epochs)


def test_validation_data_do_not_change_the_length_of_a_refit():
    assert RunSpec("aflow__Egap", refit=True).full_recipe() == RunSpec("aflow__Egap").full_recipe()


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
            "compounds that .* is judged on: both come from OQMD",
        ),
        (
            {"dataset": "matbench_steels", "fold": 0, "recipe": "joint-transfer"},
            InvalidSpec,
            "compounds that matbench_steels is judged on; only the extended sets were left out",
        ),
        ({"dataset": BULK, "refit": "no"}, InvalidSpec, "True or False"),
        ({"dataset": BULK, "recipe": "paper", "refit": True}, InvalidSpec, "needs validation data"),
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


def test_a_file_of_a_record_has_one_line_a_field_so_that_a_diff_can_be_read(store):
    spec = RunSpec(BULK)
    store.write(*made_up(spec, load={"start": 0.1, "end": 1.0}))
    text = (store.path / spec.key / "record.json").read_text()
    assert len(text.splitlines()) == len(fields(RunRecord)) + 4  # two brackets, format, sha256
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
    with pytest.raises(BrokenRecord, match=re.escape(f"holds the record {spec.key}")):
        store.read(other.key)


def test_a_record_of_a_future_format_is_refused(recorded):
    store, spec = recorded
    future = json.loads(store.text(spec.key))
    del future["sha256"], future["format"]
    (store.path / spec.key / "record.json").write_text(sealed.seal(future, 3))
    with pytest.raises(BrokenRecord, match="format 3, but this package reads 1 and 2"):
        store.read(spec.key)


def test_a_record_has_all_fields_of_its_format_and_no_others(recorded):
    store, spec = recorded
    content = json.loads(store.text(spec.key))
    del content["sha256"], content["format"]
    load = {"start": 0.1, "end": 1.0}
    for wrong, version in ((content, 2), (content | {"load": load}, 1)):
        with pytest.raises(BrokenRecord, match=rf"format {version}.*fields that differ: load\)"):
            RunRecord.from_json(sealed.seal(wrong, version), "it")
    found = RunRecord.from_json(sealed.seal(content | {"load": load}, 2), "it")
    assert found == replace(store.read(spec.key), load=load)
    assert (found.format, store.read(spec.key).format) == (2, 1)


def test_a_record_without_validation_predictions_says_so_and_names_the_way_out(recorded):
    store, spec = recorded
    with pytest.raises(NoValidation, match=f"{re.escape(spec.key)}.*format 1.*run again"):
        store.validation(spec.key)


def test_predictions_in_the_lean_form_come_back_beside_the_official_ids_and_targets(store, benchmark_data):
    spec = RunSpec("matbench_jdft2d", fold=2)
    split = benchmarks.load(spec.dataset, fold=spec.fold)
    expected = {name: perfect_predictions(part, 0.25, np.float32) for name, part in split._asdict().items()}
    store.write(*made_up_lean(spec, expected["test"], expected["val"], split))
    for found, part in ((store.predictions(spec.key), "test"), (store.validation(spec.key), "val")):
        pd.testing.assert_frame_equal(found, expected[part].astype({"predicted": float}))


def test_predictions_in_the_lean_form_take_eight_bytes_a_compound():
    values = np.random.default_rng(0).normal(size=(35_000, 2))
    table = pd.DataFrame(values, columns=["predicted", "uncertainty"])
    assert len(predictions.lean(table)) < 8.1 * len(table)


@pytest.mark.parametrize(
    ("load", "undisturbed"),
    [
        ({"start": 0.2, "end": 2.4}, True),
        ({"start": 2.6, "end": 2.0}, False),
        ({"start": 0.2, "end": 2.6}, False),
        ({"start": None, "end": None}, None),
        ({"start": 0.2, "end": None}, None),
        (None, None),
    ],
)
def test_a_run_had_its_cores_to_itself_if_nothing_else_ran_at_either_end(store, load, undisturbed):
    compute = {"device": "cpu", "precision": "float32", "threads": 2}
    record, files = made_up(RunSpec(BULK), load=load, compute=compute)
    assert record.undisturbed is undisturbed
    store.write(record, files)
    found = runs.load_records([store])["undisturbed"].astype(object).tolist()
    assert found == [pd.NA if undisturbed is None else undisturbed]


def test_a_system_without_a_load_average_leaves_it_unknown(monkeypatch):
    assert provenance.load_average() >= 0
    monkeypatch.delattr(os, "getloadavg")
    assert provenance.load_average() is None


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
