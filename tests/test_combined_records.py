"""Records taken together: ensembles of seeds, and paired differences between models."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from made_up_records import PREDICTED, made_up

from lgdcnn_core.companion import runs
from lgdcnn_core.companion.runs import RunSpec, Store, UnlikeRecords

BULK = "aflow__ael_bulk_modulus_vrh"


def write(store, predicted, uncertainty=(0.0, 0.0, 0.0), table=PREDICTED, seconds=12.5, changes=(), **spec):
    """Write a made-up record that predicts this; give its key."""
    spec = RunSpec(**{"dataset": BULK} | spec)
    predictions = table.assign(predicted=predicted, uncertainty=uncertainty)
    fields = {"seconds": {"training": seconds, "prediction": 0.5}} | dict(changes)
    store.write(*made_up(spec, predictions=predictions, **fields))
    return spec.key


# Ensembles. Targets of the made-up rows are 1, 2 and 4.


def test_an_ensemble_of_records_is_the_one_worked_by_hand(store):
    write(store, [1.0, 4.0, 4.0], [3.0, 0.0, 0.1], seed=4, seconds=10.0)
    write(store, [3.0, 2.0, 4.0], [1.0, 0.0, 0.1], seed=2, seconds=20.0)
    (row,) = runs.ensembles(runs.load_records([store]), [store]).to_dict("records")
    # Means 2, 3, 4: errors 1, 1, 0.
    assert row["mae"] == pytest.approx(2 / 3)
    assert row["rmse"] == pytest.approx(math.sqrt(2 / 3))
    assert row["median_absolute_error"] == 1
    assert row["mae_low"] <= row["mae"] <= row["mae_high"]
    # Uncertainties sqrt(1 + 5) and sqrt(1 + 0), which is not above the error of 1, and 0.1.
    assert row["within_uncertainty"] == pytest.approx(2 / 3)
    assert (row["n"], row["seeds"], row["training_seconds"], row["n_test"]) == (2, (2, 4), 30.0, 3)
    assert (row["store"], row["dataset"], row["model"]) == ("local", BULK, "L-G-DCNN")


def test_the_mean_prediction_keeps_the_rows_and_has_the_total_uncertainty(store):
    keys = [
        write(store, predicted, [1.0, 2.0, 3.0], seed=seed) for seed, predicted in enumerate([(1, 2, 4), (3, 2, 4)])
    ]
    found = runs.mean_prediction(store, keys)
    pd.testing.assert_frame_equal(found[["formula", "actual"]], PREDICTED[["formula", "actual"]])
    assert found["predicted"].tolist() == [2, 2, 4]
    assert found["uncertainty"].tolist() == pytest.approx([math.sqrt(2), 2, 3])


def test_only_records_that_differ_in_nothing_but_the_seed_are_one_ensemble(tmp_path):
    committed, local = Store("committed", tmp_path / "a"), Store("local", tmp_path / "b")
    for seed in (0, 1):
        write(committed, [1, 2, 4], seed=seed)
        write(local, [2, 3, 5], seed=seed)
    write(committed, [9, 9, 9], epochs=5)
    write(committed, [9, 9, 9], model="CrabNet")
    write(committed, [9, 9, 9], train_fraction=0.5)
    table = runs.ensembles(runs.load_records([committed, local]), [committed, local])
    assert table[["store", "mae", "n"]].to_numpy().tolist() == [["committed", 0.0, 2], ["local", 1.0, 2]]


def test_without_two_seeds_there_is_no_ensemble(store):
    write(store, [1, 2, 4])
    table = runs.ensembles(runs.load_records([store]), [store])
    assert table.empty
    assert {"mae", "n", "seeds", "within_uncertainty"} <= set(table.columns)


def test_records_and_ensembles_are_measured_without_pure_elements(store):
    with_element = PREDICTED.assign(formula=["Fe2O3", "O3", "SrTiO3"])
    for seed, predicted in enumerate([(2.0, 9.0, 4.0), (1.0, 9.0, 6.0)]):
        write(store, predicted, table=with_element, seed=seed)
    write(store, [2.0, 9.0, 4.0], seed=2, dataset="aflow__Egap")
    records = runs.load_records([store])
    measured = runs.without_pure_elements(records, [store])
    # Errors of seeds 0 and 1 are 1 and 0, 0 and 2; the third row is a pure element. NaN is sodium nitride.
    assert measured.sort_values(["dataset", "seed"])["mae"].tolist() == [0.5, 0.5, 1.0]
    assert measured.sort_values(["dataset", "seed"])["n_test"].tolist() == [3, 2, 2]
    pd.testing.assert_frame_equal(measured.dtypes.to_frame(), records.dtypes.to_frame())
    (together,) = runs.ensembles(records, [store], pure_elements=False).to_dict("records")
    assert (together["mae"], together["n_test"]) == (0.75, 2)


def test_each_fold_is_an_ensemble_of_its_own(store):
    for fold in (0, 1):
        for seed in (0, 1, 2):
            write(store, [1, 2, 4 + fold], dataset="matbench_jdft2d", fold=fold, seed=seed)
    table = runs.ensembles(runs.load_records([store]), [store])
    assert table[["fold", "n", "mae"]].to_numpy().tolist() == [[0, 3, 0.0], [1, 3, pytest.approx(1 / 3)]]


def test_probabilities_are_averaged_and_have_no_uncertainty(store):
    classes = PREDICTED.assign(actual=[0, 1, 1])
    scores = {"accuracy": 0.5, "log_loss": 0.7}
    for seed, predicted in enumerate([[0.4, 0.2, 0.9], [0.2, 0.6, 0.9]]):
        spec = {"dataset": "matbench_glass", "fold": 0, "seed": seed}
        write(store, predicted, math.nan, classes, changes={"metrics": scores}, **spec)
    (row,) = runs.ensembles(runs.load_records([store]), [store]).to_dict("records")
    assert row["accuracy"] == pytest.approx(2 / 3)
    assert row["log_loss"] == pytest.approx(-np.log([0.7, 0.4, 0.9]).mean())
    assert math.isnan(row["mae"])
    assert math.isnan(row["within_uncertainty"])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (PREDICTED.assign(formula=["Fe2O3", "NaN", "CaTiO3"]), "row 2: SrTiO3 4.0 and CaTiO3 4.0"),
        (PREDICTED.assign(actual=[1.0, 2.5, 4.0]), "row 1: NaN 2.0 and NaN 2.5$"),
        (PREDICTED[::-1].reset_index(drop=True), "row 0: Fe2O3 1.0 and SrTiO3 4.0; row 2"),
        (PREDICTED.head(2), "3 and 2"),
    ],
)
def test_records_of_different_rows_are_refused_by_name(store, table, message):
    first = write(store, [1, 2, 4], seed=0)
    other = write(store, table["actual"], table["uncertainty"], table, seed=1)
    named = f"records {re.escape(first)} and {re.escape(other)} of the local store have different test rows: {message}"
    with pytest.raises(UnlikeRecords, match=named):
        runs.ensembles(runs.load_records([store]), [store])
    with pytest.raises(UnlikeRecords, match=named):
        runs.paired_difference(store, first, other)


def test_records_of_a_recipe_that_changed_in_between_are_no_ensemble(store):
    write(store, [1, 2, 4], seed=0)
    changed = RunSpec(BULK).full_recipe().with_changes(lr_max=0.5).as_dict()
    write(store, [1, 2, 4], seed=1, changes={"recipe": changed})
    with pytest.raises(UnlikeRecords, match=r"seed0 and .*seed1 .* differ in lr_max: remove the older"):
        runs.ensembles(runs.load_records([store]), [store])


def test_networks_are_together_with_the_seeds_that_all_of_them_have(store):
    write(store, [1.0, 2.0, 4.0], seed=0)
    write(store, [3.0, 2.0, 4.0], seed=1)
    write(store, [5.0, 2.0, 4.0], seed=1, model="CrabNet")
    write(store, [9.0, 2.0, 4.0], seed=2, model="CrabNet")
    write(store, [9.0, 2.0, 4.0], seed=1, model="DCNN")
    records = runs.load_records([store])
    (row,) = runs.of_several_networks(records, ["L-G-DCNN", "CrabNet"], [store]).to_dict("records")
    assert row["mae"] == pytest.approx(1.0)  # of 3 and 5 the mean is 4, which is 3 too many
    assert (row["model"], row["n"], row["seeds"]) == ("L-G-DCNN + CrabNet", 2, (1,))
    assert runs.of_several_networks(records, ["L-G-DCNN", "LSTM"], [store]).empty


# Paired differences


def test_a_paired_difference_is_the_one_worked_by_hand(store):
    ours = [write(store, [1.0, 3.0, 4.0], seed=0), write(store, [1.0, 2.0, 5.0], seed=1)]
    theirs = write(store, [2.0, 4.0, 6.0], model="CrabNet")
    found = runs.paired_difference(store, ours, theirs)
    # Absolute errors 0, 0.5, 0.5 (means of two seeds) against 1, 2, 2.
    assert found.difference == pytest.approx(-(1 + 1.5 + 1.5) / 3)
    assert -1.5 <= found.low <= found.difference <= found.high <= -1
    assert (found.n_first, found.n_second, found.verdict) == (2, 1, "better")
    turned = runs.paired_difference(store, theirs, ours)
    assert turned.difference == pytest.approx(-found.difference)
    assert turned.verdict == "worse"


def test_models_that_differ_by_chance_are_not_told_apart(store):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"formula": [f"NaCl{i + 1}" for i in range(200)], "actual": rng.normal(size=200)})
    keys = [
        write(store, table["actual"] + rng.normal(size=200), 1.0, table, model=name) for name in ("L-G-DCNN", "CrabNet")
    ]
    found = runs.paired_difference(store, *keys)
    assert found.low < 0 < found.high
    assert found.verdict == "not told apart"


def test_pairing_tells_apart_what_two_intervals_do_not(store):
    """Compounds that are hard for both models widen each one's interval, but not that of the difference."""
    rng = np.random.default_rng(0)
    hard = rng.exponential(10, 200)
    table = pd.DataFrame({"formula": [f"NaCl{i + 1}" for i in range(200)], "actual": 0.0})
    first = write(store, hard, 1.0, table)
    second = write(store, hard + 1 + 0.1 * rng.normal(size=200), 1.0, table, model="CrabNet")
    low, high = runs.metrics.mean_interval(hard)
    assert low < hard.mean() + 1 < high
    assert runs.paired_difference(store, first, second).verdict == "better"


def test_models_are_compared_where_both_were_run_alike(tmp_path):
    committed, local = Store("committed", tmp_path / "a"), Store("local", tmp_path / "b")
    for seed in (0, 1):
        write(committed, [1, 2, 4], seed=seed)
        write(committed, [2, 3, 5], model="CrabNet", seed=seed)
    write(committed, [1, 2, 4], dataset="mp_bulk_modulus")
    write(committed, [1, 2, 4], epochs=5)
    write(local, [9, 9, 9], model="CrabNet", epochs=5)
    table = runs.paired_differences(runs.load_records([committed, local]), "L-G-DCNN", "CrabNet", [committed, local])
    (row,) = table.to_dict("records")
    assert (row["store"], row["dataset"], row["difference"], row["verdict"]) == ("committed", BULK, -1, "better")
    assert (row["n_first"], row["n_second"]) == (2, 2)
    assert runs.paired_differences(runs.load_records([local]), "L-G-DCNN", "CrabNet", [local]).empty


def test_recipes_are_compared_with_each_in_its_own_setting_and_epochs(store):
    for seed in (0, 1):
        write(store, [1, 2, 4], seed=seed)
    write(store, [2, 3, 5], recipe="paper", setting="published", seed=42)
    write(store, [2, 3, 5], model="CrabNet")
    write(store, [1, 2, 4], refit=True)
    (row,) = runs.paired_differences(runs.load_records([store]), "fast", "paper", [store], by="recipe").to_dict(
        "records"
    )
    assert (row["model"], row["difference"], row["verdict"]) == ("L-G-DCNN", -1, "better")
    assert (row["n_first"], row["n_second"], row["refit"]) == (2, 1, False)
