"""Our records as a submission to Matbench's leaderboard."""

import gzip
import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
from made_up_records import made_up, perfect_predictions

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.reproduce import leaderboard
from lgdcnn_core.companion.runs import BrokenRecord, RunSpec, Store


@pytest.fixture
def leaderboard_store(tmp_path, monkeypatch, benchmark_data):
    """Made-up records of all folds of steels, off by 1 MPa, and of two folds of the metallic glasses."""
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    store = Store("local", tmp_path / "runs")
    for task, folds, error in (("matbench_steels", range(5), 1.0), ("matbench_glass", (0, 3), 0.0)):
        for fold in folds:
            test = benchmarks.load(task, fold=fold).test
            spec = RunSpec(task, fold=fold)
            store.write(*made_up(spec, predictions=perfect_predictions(test, error)))
    return store


def test_complete_tasks_are_written_as_matbench_does_and_incomplete_ones_named(leaderboard_store, tmp_path, capsys):
    file = tmp_path / "results.json.gz"
    status = leaderboard.main(["--model", "L-G-DCNN", "--recipe", "fast", "--store", "local", "--output", str(file)])
    assert status == 1
    assert "matbench_glass lacks folds 1, 2, 4" in capsys.readouterr().err
    content = json.loads(gzip.decompress(file.read_bytes()))
    assert content.keys() == {
        *("@module", "@class", "version", "tasks", "user_metadata", "benchmark_name", "datestamp", "hash")
    }
    assert list(content["tasks"]) == ["matbench_steels"]
    stated = content.pop("hash")
    assert leaderboard.content_hash(content) == stated
    results = content["tasks"]["matbench_steels"]["results"]
    assert list(results) == [f"fold_{fold}" for fold in range(5)]
    for number, fold in enumerate(results.values()):
        assert fold.keys() == {"data", "uncertainty", "parameters", "scores"}
        assert fold["data"].keys() == set(benchmarks.load("matbench_steels", fold=number).test.index)
        assert fold["scores"]["mae"] == pytest.approx(1)
        assert fold["scores"].keys() == {"mae", "rmse", "mape", "max_error"}


def test_without_a_complete_task_nothing_is_written_and_the_missing_folds_are_named(
    leaderboard_store, tmp_path, capsys
):
    file = tmp_path / "results.json.gz"
    shutil.rmtree(leaderboard_store.path / RunSpec("matbench_steels", fold=2).key)
    assert leaderboard.main(["--store", "local", "--output", str(file)]) == 1
    assert "matbench_steels lacks fold 2; matbench_glass lacks folds 1, 2, 4" in capsys.readouterr().err
    assert leaderboard.main(["--store", "local", "--model", "CrabNet", "--output", str(file)]) == 1
    assert "no fold of any task" in capsys.readouterr().err
    assert not file.exists()


def test_a_record_of_other_compounds_than_the_official_fold_is_refused(tmp_path, benchmark_data):
    store = Store("local", tmp_path / "runs")
    for fold in range(5):
        test = benchmarks.load("matbench_steels", fold=0).test
        store.write(*made_up(RunSpec("matbench_steels", fold=fold), predictions=perfect_predictions(test)))
    with pytest.raises(BrokenRecord, match="other compounds"):
        leaderboard.submission(store, RunSpec("matbench_steels", fold=0))


def test_the_hash_is_matbenchs():
    # Value: matbench.util.hash_dictionary of matbench 0.6.
    content = {"b": {"y": 1.5, "x": {"é": [1, 2.0], "a": None}}, "a": "text"}
    assert leaderboard.content_hash(content) == "0b6ad80cf6b56f660641e0ddf4ede51783f1a6d8ee3ee9d7b9dbe3075394f5f9"


def test_scores_are_matbenchs():
    actual, predicted = np.array([0.0, 1.0, 4.0]), np.array([1.0, 2.0, 2.0])
    assert leaderboard.regression_scores(actual, predicted) == {
        "mae": pytest.approx(4 / 3),
        "rmse": pytest.approx(math.sqrt(2)),
        "mape": pytest.approx(0.75),
        "max_error": 2.0,
    }
    scores = leaderboard.classification_scores(np.array([0, 0, 0, 1]), np.array([0.1, 0.6, 0.2, 0.9]))
    assert scores == {
        "accuracy": 0.75,
        "balanced_accuracy": pytest.approx(5 / 6),
        "f1": pytest.approx(2 / 3),
        "rocauc": pytest.approx(5 / 6),
    }


def test_predictions_reach_the_file_unrounded(leaderboard_store):
    content, _ = leaderboard.submission(leaderboard_store, RunSpec("matbench_steels", fold=0))
    data = content["tasks"]["matbench_steels"]["results"]["fold_0"]["data"]
    expected = leaderboard_store.predictions(RunSpec("matbench_steels", fold=0).key)
    pd.testing.assert_series_equal(
        pd.Series(data)[expected["id"]], expected.set_index("id")["predicted"], check_names=False, check_exact=True
    )
