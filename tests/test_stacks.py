"""Stacks of networks and trees: one rule for the weights, worked by hand, and columns of their own."""

import numpy as np
import pandas as pd
import pytest
from test_execution import tiny_split

from lgdcnn_core.companion import runs
from lgdcnn_core.companion.figures import cells
from lgdcnn_core.companion.runs import NoValidation, RunSpec, Store, UnlikeRecords, parts, stacks, trees
from lgdcnn_core.companion.runs.selection import longest_schedules

BULK = "aflow__ael_bulk_modulus_vrh"
ACTUAL = np.array([10.0, 20.0])


def test_weights_are_those_worked_by_hand():
    # Errors (2, 0) and (0, 1): (2 w)^2 + (1 - w)^2 is least at w = 1/5.
    predicted = np.array([[12.0, 20.0], [10.0, 21.0]])
    assert stacks.weights(predicted, ACTUAL).tolist() == pytest.approx([0.2, 0.8])


def test_a_member_that_only_adds_to_the_error_has_no_weight():
    # Errors (1, 0) and (3, 0): any share of the second one makes the sum larger.
    assert stacks.weights(np.array([[11.0, 20.0], [13.0, 20.0]]), ACTUAL).tolist() == [1.0, 0.0]
    # Without the bound the weights would be 1.5 and -0.5.


def test_members_that_err_to_opposite_sides_cancel_out():
    # Errors (1, 1) and (-3, -3): three quarters of the first.
    assert stacks.weights(np.array([ACTUAL + 1, ACTUAL - 3]), ACTUAL).tolist() == pytest.approx([0.75, 0.25])


def test_weights_add_up_to_one_and_depend_on_neither_unit_nor_zero():
    generator = np.random.default_rng(0)
    actual = generator.normal(size=40)
    predicted = actual + generator.normal(size=(4, 40)) * np.array([[0.5], [1.0], [2.0], [0.7]])
    found = stacks.weights(predicted, actual)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    for unit, zero in ((1e-6, 0.0), (1e3, 0.0), (1.0, 500.0), (1e-6, 1.0)):
        moved = stacks.weights(predicted * unit + zero, actual * unit + zero)
        np.testing.assert_allclose(moved, found, atol=1e-6)


def test_no_other_weights_have_a_smaller_squared_error():
    generator = np.random.default_rng(1)
    actual = generator.normal(size=30)
    predicted = actual + generator.normal(size=(3, 30))
    found = stacks.weights(predicted, actual)
    others = generator.dirichlet([1, 1, 1], 2000)
    assert np.square(others @ predicted - actual).sum(axis=1).min() >= np.square(found @ predicted - actual).sum()


def test_members_without_errors_make_a_stack_too():
    found = stacks.weights(np.array([ACTUAL, ACTUAL]), ACTUAL)
    assert found.sum() == pytest.approx(1)


class MadeUp:
    """A store of made-up predictions by key: validation and test."""

    name = "local"

    def __init__(self, **predicted):
        self.predicted = predicted

    def validation(self, key):
        return pd.DataFrame({"formula": ["Fe2O3", "NaN"], "actual": ACTUAL, "predicted": self.predicted[key][0]})

    def predictions(self, key):
        return pd.DataFrame({"formula": ["SrTiO3"], "actual": [15.0], "predicted": self.predicted[key][1]})


def test_a_stack_weighs_test_predictions_by_what_validation_says():
    store = MadeUp(network=([12.0, 20.0], [10.0]), forest=([10.0, 21.0], [20.0]))
    found = runs.stack(store, [["network"], ["forest"]])
    assert found.weights.tolist() == pytest.approx([0.2, 0.8])
    assert found.predictions["predicted"].tolist() == pytest.approx([18.0])
    assert found.predictions["uncertainty"].isna().all()
    assert found.n_val == 2


def test_a_member_with_several_seeds_predicts_their_mean():
    store = MadeUp(seed0=([13.0, 20.0], [8.0]), seed1=([11.0, 20.0], [12.0]), forest=([10.0, 21.0], [20.0]))
    found = runs.stack(store, [["seed0", "seed1"], ["forest"]])
    assert found.weights.tolist() == pytest.approx([0.2, 0.8])
    assert found.predictions["predicted"].tolist() == pytest.approx([18.0])


@pytest.fixture
def recorded(monkeypatch, store):
    """A store with real, tiny runs of a network, two seeds of a forest, and boosting."""
    monkeypatch.setattr(parts.benchmarks, "load", lambda name, fold=None: tiny_split())
    monkeypatch.setitem(trees.RECIPES, "RF", trees.Forest(trees=5))
    monkeypatch.setitem(trees.RECIPES, "GBM", trees.Boosting(rounds=20, min_samples_leaf=2))
    specs = [RunSpec(BULK, model="DCNN-K1", epochs=1)]
    specs += [RunSpec(BULK, model="RF", recipe="trees", seed=seed) for seed in (0, 1)]
    specs += [RunSpec(BULK, model="GBM", recipe="trees")]
    for spec in specs:
        runs.execute(spec, store, device="cpu", progress=False)
    return store


def test_stacks_are_measured_wherever_all_members_have_records(recorded):
    records = runs.load_records([recorded])
    models = ["DCNN-K1", "RF", "GBM"]
    (row,) = runs.stacked(records, models, [recorded]).to_dict("records")
    keys = [records.loc[records["model"] == model, "key"].tolist() for model in models]
    made = runs.stack(recorded, keys)
    error = (made.predictions["predicted"] - made.predictions["actual"]).abs()
    assert row["mae"] == pytest.approx(error.mean())
    assert row["mae_low"] <= row["mae"] <= row["mae_high"]
    assert row["weights"] == pytest.approx(dict(zip(models, made.weights, strict=True)))
    assert (row["n"], row["n_val"], row["n_test"]) == (4, 6, 6)
    assert runs.stacked(records, ["DCNN-K1", "ET"], [recorded]).empty


def test_a_stack_is_a_column_of_its_own(recorded):
    records = runs.load_records([recorded])
    made = runs.stacked(records, ["RF", "GBM"], [recorded])
    shown = cells.by_configuration(
        runs.summarise(records), ensembles=pd.concat([runs.ensembles(records, [recorded]), made], ignore_index=True)
    )
    (row,) = shown[shown["column"] == "stack of RF + GBM"].to_dict("records")
    assert row["mean"] == made["mae"].item()
    assert row["group"] == "This machine, ensembles"
    assert len(longest_schedules(made)) == 1


def test_two_kinds_of_training_of_one_model_are_no_member(recorded):
    runs.execute(RunSpec(BULK, model="DCNN-K1", epochs=2), recorded, device="cpu", progress=False)
    with pytest.raises(UnlikeRecords, match="records of 2 kinds of DCNN-K1 on aflow__ael_bulk_modulus_vrh"):
        runs.stacked(runs.load_records([recorded]), ["DCNN-K1", "RF"], [recorded])


def test_a_record_without_validation_predictions_cannot_be_stacked(recorded):
    refit = RunSpec(BULK, model="RF", recipe="trees", refit=True)
    runs.execute(refit, recorded, device="cpu", progress=False)
    # In a table it is left out, beside the record that keeps validation data apart.
    assert len(runs.stacked(runs.load_records([recorded]), ["RF", "GBM"], [recorded])) == 1
    with pytest.raises(NoValidation):
        runs.stack(Store("local", recorded.path), [[refit.key], [RunSpec(BULK, model="GBM", recipe="trees").key]])
