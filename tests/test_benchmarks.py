import csv
import io
import json
import os
import time
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks import DataError, FoldError, UnknownDataSetError, datacard, download, location
from lgdcnn_core.benchmarks.__main__ import main
from lgdcnn_core.benchmarks.manifest import manifest
from lgdcnn_core.benchmarks.split import VALIDATION_SHARE

MATBENCH = benchmarks.names("matbench")
EXTENDED = benchmarks.names("extended")
SMALL = "aflow__ael_bulk_modulus_vrh"
# One of the smallest files, so that a test may copy and damage it.
FILE = "extended/aflow__ael_bulk_modulus_vrh/val.csv"


@pytest.fixture
def copy(benchmark_data, tmp_path):
    """A data directory of links to the real files, for a test to damage."""
    for path in manifest():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).symlink_to(benchmark_data / path)
    return tmp_path


@pytest.fixture
def wheels(benchmark_data, tmp_path):
    """Two archives with the members of the real wheels; not the pinned wheels, so pip refuses them."""
    directory = tmp_path / "wheels"
    directory.mkdir()
    for project, version in (("crabnet", "2.0.8"), ("matbench", "0.6")):
        with zipfile.ZipFile(directory / f"{project}-{version}-py3-none-any.whl", "w") as archive:
            for entry in manifest().values():
                if entry.wheel == project:
                    archive.write(benchmark_data / entry.path, entry.member)
    return directory


def replace(file, content):
    """Put new content in place of a link, leaving what it links to alone."""
    file.unlink()
    file.write_bytes(content)


def official_folds(benchmark_data, name):
    return json.loads((benchmark_data / "matbench/validation.json").read_text())["splits"][name]


# The catalogue


def test_there_are_the_papers_28_sets_and_three_classification_tasks():
    assert len(EXTENDED) == 18
    assert len(benchmarks.names("matbench", kind="regression")) == 10
    assert benchmarks.names(kind="classification") == [
        "matbench_expt_is_metal",
        "matbench_glass",
        "matbench_mp_is_metal",
    ]
    assert benchmarks.names() == EXTENDED + MATBENCH


def test_labels_and_units_of_extended_sets_are_the_papers():
    paper = benchmarks.published("lgdcnn_paper").set_index("dataset")
    for name in EXTENDED:
        assert (benchmarks.card(name).label, benchmarks.card(name).unit) == (
            paper.label[name],
            paper.unit[name],
        )


def test_kinds_units_and_rows_of_matbench_tasks_are_the_official_metadata():
    official = benchmarks.published("matbench_metadata").set_index("task")
    assert sorted(official.index) == sorted(MATBENCH)
    for name in MATBENCH:
        card = benchmarks.card(name)
        assert (card.kind, card.n_rows) == (official.task_type[name], official.n_samples[name])
        if card.kind == "regression":
            assert card.unit == official.unit[name].replace("unitless", "1")


def test_manifest_holds_the_files_of_every_card_and_their_rows():
    expected = {path for name in benchmarks.names() for path in benchmarks.card(name).paths}
    assert set(manifest()) == expected | {"matbench/validation.json"}
    for name in benchmarks.names():
        card = benchmarks.card(name)
        assert sum(manifest()[path].rows for path in card.paths) == card.n_rows


def test_cards_state_the_rows_of_the_training_part_and_their_whole_note():
    for name in benchmarks.names():
        card = benchmarks.card(name)
        split = benchmarks.load(name, fold=0 if card.protocol == "matbench" else None)
        assert len(split.train) == card.n_train
    assert benchmarks.card("matbench_mp_gap").note.endswith("across folds, with different targets")
    cells = resources.files("lgdcnn_core.benchmarks").joinpath("cards.csv").read_text(encoding="utf-8").splitlines()
    assert len({len(row) for row in csv.reader(cells)}) == 1


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("mp_bulk_modulu", "mp_bulk_modulus"),
        ("oqmd_bandgap", "OQMD_Bandgap"),
        ("steels", "matbench_steels"),
        ("AFLOW debye temperature", "aflow__ael_debye_temperature"),
    ],
)
def test_unknown_name_is_answered_with_the_one_that_was_meant(wrong, meant):
    with pytest.raises(UnknownDataSetError, match=f"{wrong!r}: did you mean {meant}"):
        benchmarks.load(wrong)


def test_name_like_no_other_and_unknown_protocol_kind_and_table_are_refused():
    with pytest.raises(UnknownDataSetError, match=r"benchmarks\.names\(\)"):
        benchmarks.card("zzzz")
    with pytest.raises(UnknownDataSetError, match="choose from extended, matbench"):
        benchmarks.names("official")
    with pytest.raises(UnknownDataSetError, match="choose from regression, classification"):
        benchmarks.names(kind="ranking")
    with pytest.raises(UnknownDataSetError, match="choose from lgdcnn_paper"):
        benchmarks.published("nature")


# Loading


def test_extended_sets_have_the_rows_that_crabnet_published_but_for_pure_elements_in_test(benchmark_data):
    paper = benchmarks.published("crabnet_paper").set_index("dataset")
    for name in EXTENDED:
        split = benchmarks.load(name)
        counts = (len(split.train), len(split.val), len(benchmarks.without_pure_elements(split.test)))
        assert counts == tuple(paper.loc[name, ["n_train", "n_val", "n_test"]]), name


@pytest.mark.parametrize("name", EXTENDED)
def test_extended_set_is_the_files_rows_in_order_with_no_formula_twice(benchmark_data, name):
    split = benchmarks.load(name)
    for part, table in split._asdict().items():
        lines = (benchmark_data / f"extended/{name}/{part}.csv").read_text().splitlines()
        assert list(table.columns) == ["formula", "target"]
        assert len(table) == len(lines) - 1
        for row in (0, -1):
            formula, target = lines[1:][row].split(",")
            assert (table.formula.iloc[row], table.target.iloc[row]) == (formula, float(target))
        assert np.isfinite(table.target).all()
        assert (table.formula.str.len() > 0).all()
    formulas = pd.concat(split).formula
    assert formulas.is_unique


def test_nan_is_sodium_nitride(benchmark_data):
    train = benchmarks.load("mp_e_hull").train
    assert (train.formula == "NaN").sum() == 1
    assert train.formula.notna().all()


def test_best_known_matbench_results_are_sourced_and_no_worse_than_any_published_mean():
    best = benchmarks.published("matbench_best").set_index("task")
    assert sorted(best.index) == sorted(benchmarks.names("matbench", kind="regression"))
    assert best[["model", "source"]].notna().all(axis=None)
    folds = benchmarks.published("matbench_folds")
    means = folds.groupby(["task", "model"])["mae"].mean().groupby("task").min()
    assert (best["mae"] <= means.loc[best.index] + 5e-4 * best["mae"]).all()


@pytest.mark.parametrize("name", MATBENCH)
def test_matbench_folds_are_the_official_ones(benchmark_data, name):
    folds = official_folds(benchmark_data, name)
    every_id = sorted(folds["fold_0"]["train"] + folds["fold_0"]["test"])
    lines = (benchmark_data / benchmarks.card(name).paths[0]).read_text().splitlines()[1:]
    tested = []
    for number in range(5):
        train, val, test = benchmarks.load(name, fold=number)
        assert list(test.index) == folds[f"fold_{number}"]["test"]
        assert sorted([*train.index, *val.index]) == folds[f"fold_{number}"]["train"]
        assert list(train.index) == sorted(train.index)
        assert list(val.index) == sorted(val.index)
        assert len(val) == round(VALIDATION_SHARE * (len(train) + len(val)))
        assert test.formula.iloc[0] == lines[every_id.index(test.index[0])].split(",")[0]
        tested += list(test.index)
    assert sorted(tested) == every_id


@pytest.mark.parametrize("name", MATBENCH)
def test_matbench_targets_meet_the_published_dummy_scores_in_every_fold(benchmark_data, name):
    """Fails if a single row were out of the official order, or a target rounded."""
    published = benchmarks.published("matbench_dummy")
    for row in published[published.task == name].itertuples():
        split = benchmarks.load(name, fold=row.fold)
        mean = pd.concat([split.train, split.val]).target.mean()
        assert mean == pytest.approx(row.train_mean, rel=1e-12)
        if benchmarks.card(name).kind == "regression":
            # Published with four decimals.
            assert (split.test.target - mean).abs().mean() == pytest.approx(row.mae, abs=5.1e-5)


@pytest.mark.parametrize("name", MATBENCH)
def test_matbench_targets_have_the_official_mean_absolute_deviation(benchmark_data, name):
    official = benchmarks.published("matbench_metadata").set_index("task").loc[name]
    target = pd.concat(benchmarks.load(name, fold=0)).target
    if benchmarks.card(name).kind == "regression":
        assert (target - target.mean()).abs().mean() == pytest.approx(official.mad, rel=1e-9)
    else:
        assert set(target) == {0, 1}
        assert target.dtype.kind == "i"
        assert target.mean() == pytest.approx(official.frac_true, rel=1e-12)


def test_first_and_last_steel_are_the_official_ones(benchmark_data):
    everything = pd.concat(benchmarks.load("matbench_steels", fold=0)).sort_index()
    assert list(everything.index[[0, -1]]) == ["mb-steels-001", "mb-steels-312"]
    assert everything.loc["mb-steels-001", "formula"].startswith("Fe0.620C0.000953Mn0.000521")
    assert everything.loc["mb-steels-001", "target"] == 2411.5


def test_validation_part_depends_on_its_seed_alone(benchmark_data):
    first, again, other = (benchmarks.load("matbench_steels", fold=1, val_seed=seed).val.index for seed in (0, 0, 1))
    assert list(first) == list(again)
    assert list(first) != list(other)


def test_wrong_folds_are_answered_with_what_to_do(benchmark_data):
    with pytest.raises(FoldError, match="matbench_steels has 5 official folds: say which, fold=0 to 4"):
        benchmarks.load("matbench_steels")
    for fold in (5, -1, "0", 1.0):
        with pytest.raises(FoldError, match="choose 0 to 4"):
            benchmarks.load("matbench_steels", fold=fold)
    with pytest.raises(FoldError, match="leave out fold=0"):
        benchmarks.load(SMALL, fold=0)


# Fetching and checking


def test_checking_all_data_takes_under_two_seconds(benchmark_data):
    start = time.perf_counter()
    benchmarks.fetch()
    assert time.perf_counter() - start < 2


def test_local_copy_is_used_and_not_written_to(copy, monkeypatch):
    before = sorted(copy.rglob("*"))
    monkeypatch.setenv(location.VARIABLE, str(copy))
    assert benchmarks.fetch() == copy
    assert len(benchmarks.load(SMALL).val) == 732
    assert sorted(copy.rglob("*")) == before


def test_argument_comes_before_variable_before_checkout_before_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(location.VARIABLE, "/variable")
    assert location.locate("/argument") == (Path("/argument"), False)
    assert location.locate() == (Path("/variable"), False)
    monkeypatch.delenv(location.VARIABLE)
    assert location.locate() == (location.checkout() / "data/benchmark", True)
    monkeypatch.setattr(location, "checkout", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert location.locate() == (tmp_path / "lgdcnn/benchmark", True)


def test_published_numbers_need_a_checkout(monkeypatch):
    monkeypatch.setattr("lgdcnn_core.benchmarks.reference.checkout", lambda: None)
    with pytest.raises(DataError, match="clone the repository"):
        benchmarks.published("lgdcnn_paper")


def test_truncated_file_is_named_with_expected_and_found_size(copy):
    content = (copy / FILE).read_bytes()
    replace(copy / FILE, content[:-7])
    expected = f"{FILE}: expected {len(content)} bytes, found {len(content) - 7}"
    for read in (lambda: benchmarks.fetch(copy), lambda: benchmarks.load(SMALL, root=copy)):
        with pytest.raises(DataError, match=expected):
            read()


def test_changed_byte_is_named_with_expected_and_found_hash(copy):
    content = bytearray((copy / FILE).read_bytes())
    content[100] ^= 1
    replace(copy / FILE, bytes(content))
    for read in (lambda: benchmarks.fetch(copy), lambda: benchmarks.load(SMALL, root=copy)):
        with pytest.raises(DataError, match=f"{FILE}: expected sha256 {manifest()[FILE].sha256}, found [0-9a-f]"):
            read()


def test_missing_file_is_named_with_the_way_out(copy, capsys):
    (copy / FILE).unlink()
    with pytest.raises(DataError, match=f"{FILE}: expected a file of .* found none.*make data.*LGDCNN_DATA"):
        benchmarks.fetch(copy)
    assert main(["--root", str(copy)]) == 1
    assert FILE in capsys.readouterr().err


def test_pip_without_an_index_says_how_to_do_without(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DataError, match=r"(?s)No matching distribution.*LGDCNN_DATA"):
        download.fill(tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_pip_refuses_a_wheel_that_is_not_the_pinned_one(wheels, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    with pytest.raises(DataError, match="DO NOT MATCH THE HASHES"):
        download.fill(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_wheels_unpack_to_a_complete_directory_or_none(wheels, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "pip_download", lambda target: wheels.rename(target))
    download.fill(tmp_path / "new" / "data")
    download.verify(tmp_path / "new" / "data")
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["data"]


def test_what_a_killed_process_left_goes_after_a_day(wheels, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "pip_download", lambda target: wheels.rename(target))
    old, young = (tmp_path / "new" / f".benchmark-{name}" for name in ("old", "young"))
    for left in (old, young):
        (left / "benchmark").mkdir(parents=True)
    a_day_ago = time.time() - download.ABANDONED_AFTER - 1
    os.utime(old, (a_day_ago, a_day_ago))
    download.fill(tmp_path / "new" / "data")
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == [young.name, "data"]


def test_damaged_wheel_leaves_nothing_behind(wheels, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(manifest()["matbench/validation.json"].member, "{}")
    (wheels / "matbench-0.6-py3-none-any.whl").write_bytes(buffer.getvalue())
    monkeypatch.setattr(download, "pip_download", lambda target: wheels.rename(target))
    with pytest.raises(DataError, match=r"matbench_v0.1_validation.json: expected 46006187 bytes, found 2"):
        download.fill(tmp_path / "new" / "data")
    assert list((tmp_path / "new").iterdir()) == []


# The data card


def test_data_card_agrees_with_the_data(benchmark_data):
    """If it does not: put the output of `python -m lgdcnn_core.benchmarks --card` below its mark."""
    text = (location.checkout() / "data" / "README.md").read_text(encoding="utf-8")
    committed = text.partition("<!-- tables: python -m lgdcnn_core.benchmarks --card -->")[2]
    assert committed.strip().splitlines() == datacard.tables(benchmark_data).splitlines()


def test_median_belongs_beside_the_mean_where_few_compounds_carry_the_deviation():
    text = (location.checkout() / "data" / "README.md").read_text(encoding="utf-8")
    names = benchmarks.names()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    # Ten cells make a row of the second table, whose sixth is the share of the extreme 1 %.
    extreme = {row[0]: float(row[5].rstrip("%")) for row in rows if len(row) == 10 and row[0] in names}
    assert {name: benchmarks.card(name).median_beside_mean for name in names} == {
        name: extreme[name] >= 15 for name in names
    }
