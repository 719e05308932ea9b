"""Baselines: features worked by hand, and trees that are runs like any other."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_execution import tiny_split

from lgdcnn_core import elements
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.figures import cells
from lgdcnn_core.companion.reproduce import tree_pace
from lgdcnn_core.companion.runs import InvalidSpec, RunSpec, Store, features, parts, trees
from lgdcnn_core.companion.runs.baselines import TreeModel
from lgdcnn_core.composition import parse
from lgdcnn_core.training import Scaling, TrainingStopped

BULK = "aflow__ael_bulk_modulus_vrh"


def feature(formula, statistic, table="magpie", column=0):
    """One feature of a formula, in units of its property's standard deviation over the elements."""
    return features.of_compositions(parse([formula]))[0, features.names().index(f"{statistic} {table} {column}")]


def in_atomic_numbers(value, statistic):
    """A feature of column 0 of Magpie's table, the atomic number, before the column was standardised."""
    column = elements.table("magpie").vectors[:, 0]
    unit = (column[26] - column[8]) / 18
    zero = 0 if statistic in ("mean deviation", "range") else column[8] - 8 * unit
    return (value - zero) / unit


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        # Fe2O3: atomic numbers 26 and 8, fractions 0.4 and 0.6.
        ("mean", 15.2),
        ("mean deviation", 0.4 * 10.8 + 0.6 * 7.2),
        ("minimum", 8),
        ("maximum", 26),
        ("range", 18),
        ("mode", 8),
    ],
)
def test_statistics_of_a_compound_are_those_worked_by_hand(statistic, value):
    assert in_atomic_numbers(feature("Fe2O3", statistic), statistic) == pytest.approx(value, rel=1e-5)


def test_the_mode_of_equally_abundant_elements_is_the_lowest_of_their_values():
    assert in_atomic_numbers(feature("NaCl", "mode"), "mode") == pytest.approx(11)
    # Of the atomic number sodium has the lower one, of the covalent radius chlorine.
    assert feature("NaCl", "mode", column=6) == elements.table("magpie").vectors[17, 6]
    assert feature("Na2Cl", "mode", column=6) == elements.table("magpie").vectors[11, 6]


def test_the_fractions_of_the_elements_follow_the_statistics():
    row = features.of_compositions(parse(["Fe2O3"]))[0, -elements.N_ELEMENTS :]
    assert row[8 - 1] == pytest.approx(0.6)
    assert row[26 - 1] == pytest.approx(0.4)
    assert np.count_nonzero(row) == 2
    assert features.names()[-elements.N_ELEMENTS + 7] == "fraction 8"


def test_an_element_that_a_table_lacks_takes_the_median_of_those_it_has_and_is_counted():
    oliynyk = elements.table("oliynyk")
    assert not oliynyk.known[94]
    medians = np.median(oliynyk.vectors[oliynyk.known], axis=0)
    assert feature("Pu", "mean", "oliynyk", 0) == pytest.approx(medians[0])
    assert feature("PuO", "maximum", "oliynyk", 0) == max(medians[0], oliynyk.vectors[8, 0])
    assert features.lacking(parse(["PuO2", "Pu", "Fe2O3"])) == {"magpie": 0, "oliynyk": 2}


def test_features_depend_neither_on_the_other_compounds_nor_on_how_a_formula_is_written():
    formulas = ["Fe2O3", "NaCl", "Si", "SrTiO3", "Ba0.5Sr0.5TiO3"]
    together = features.of_compositions(parse(formulas))
    assert together.dtype == np.float32
    assert together.shape == (5, len(features.names()))
    alone = np.concatenate([features.of_compositions(parse([each])) for each in formulas])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(features.of_compositions(parse(["O3TiSr"]))[0], together[3])
    assert features.of_compositions(parse([])).shape == (0, len(features.names()))


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Data sets of 40 compounds, whatever their names; a store for their runs."""

    def load(name, fold=None):
        return tiny_split("classification" if name == "matbench_glass" else "regression")

    monkeypatch.setattr(parts.benchmarks, "load", load)
    for name, recipe in trees.RECIPES.items():
        few = {"trees": 5} if isinstance(recipe, trees.Forest) else {"rounds": 30, "min_samples_leaf": 2}
        monkeypatch.setitem(trees.RECIPES, name, recipe.with_changes(**few))

    def execute(spec, **options):
        return runs.execute(spec, store=Store("local", tmp_path / "runs"), progress=False, **options)

    return execute


@pytest.mark.parametrize("model", trees.RECIPES)
def test_a_baseline_is_a_run_with_a_record_like_any_other(tiny, store, model):
    spec = RunSpec("matbench_steels", fold=1, model=model, recipe="trees")
    record = tiny(spec)
    assert record == store.read(spec.key)
    assert spec.key == f"matbench_steels/{model}_trees_exact_fold1_seed0"
    errors = {}
    for part, predicted in (("mae", store.predictions(spec.key)), ("val_mae", store.validation(spec.key))):
        errors[part] = (predicted["predicted"] - predicted["actual"]).abs().mean()
        assert predicted["uncertainty"].isna().all() if model == "GBM" else (predicted["uncertainty"] >= 0).all()
    assert record.metrics["mae"] == pytest.approx(errors["mae"])
    assert record.metrics["val_mae"] == pytest.approx(errors["val_mae"])
    assert record.recipe == trees.RECIPES[model].as_dict()
    assert record.validation_chose == ("nothing" if model != "GBM" else "the number of boosting rounds that are kept")
    assert record.learning_curve["epoch"] == []
    assert record.compute == {"device": "cpu", "precision": "float32", "threads": 1}
    assert record.tokens_per_second > 0


@pytest.mark.parametrize("model", trees.RECIPES)
def test_a_baseline_learns_what_the_composition_decides(model):
    generator = np.random.default_rng(0)
    symbols = np.array(["Li", "O", "Na", "Mg", "Al", "Si", "Fe", "Cu", "Sr", "Ba"])
    formulas = ["".join(generator.choice(symbols, 3, replace=False)) for _ in range(300)]
    target = features.of_compositions(parse(formulas))[:, 0].astype(float)
    table = pd.DataFrame({"formula": formulas, "target": target}).drop_duplicates("formula")
    few = {"trees": 20} if model != "GBM" else {"rounds": 100}
    grown = TreeModel(trees.RECIPES[model].with_changes(**few), 0, False).fit(table[:150], table[150:200])
    errors = np.abs(grown.predict(table[200:])[0] - table[200:]["target"])
    assert errors.mean() < 0.3 * (table[200:]["target"] - table[:150]["target"].mean()).abs().mean()


def test_readers_of_records_take_baselines_beside_networks(tiny, store):
    forest = RunSpec(BULK, model="RF", recipe="trees")
    tiny(forest)
    tiny(replace(forest, seed=1))
    tiny(RunSpec(BULK, model="DCNN-K1", epochs=1), device="cpu")
    records = runs.load_records([store])
    assert sorted(records["epochs"]) == [1, 1, 1]
    assert set(runs.load_curves(records, [store])["model"]) == {"DCNN-K1"}
    assert runs.ensembles(records, [store])["model"].tolist() == ["RF"]
    shown = cells.by_configuration(runs.summarise(records))
    assert "random forest" in shown["column"].tolist()
    assert runs.paired_differences(records, "RF", "RF", [store])["difference"].tolist() == [0]


def test_classes_are_predicted_with_probabilities(tiny, store):
    for model in trees.RECIPES:
        spec = RunSpec("matbench_glass", fold=0, model=model, recipe="trees")
        record = tiny(spec)
        assert store.predictions(spec.key)["predicted"].between(0, 1).all()
        assert record.metrics["log_loss"] is not None
        assert record.metrics["val_log_loss"] is not None


def test_the_same_seed_gives_the_same_trees_and_another_seed_others():
    split = tiny_split()
    for model, recipe in trees.RECIPES.items():
        grown = [
            TreeModel(recipe.with_changes(**({"trees": 5} if model != "GBM" else {"min_samples_leaf": 2})), seed, False)
            for seed in (0, 0, 1)
        ]
        first, same, other = (each.fit(split.train, split.val).predict(split.test)[0] for each in grown)
        np.testing.assert_array_equal(first, same)
        assert model == "GBM" or (first != other).any()


def test_trees_are_those_that_scikit_learn_grows_at_once():
    from sklearn.ensemble import RandomForestRegressor

    train, _, test = tiny_split()
    ours = TreeModel(trees.Forest(trees=7), 3, False).fit(train, None).predict(test)
    theirs = RandomForestRegressor(7, max_features=1 / 3, random_state=3)
    inputs, tested = (features.of_compositions(parse(part["formula"])) for part in (train, test))
    scaling = Scaling.of(train["target"].to_numpy(), classification=False)
    theirs.fit(inputs, scaling.learnt(train["target"].to_numpy()))
    np.testing.assert_allclose(ours[0], scaling.predicted(theirs.predict(tested)), rtol=1e-9)
    of_trees = np.stack([tree.predict(tested) for tree in theirs.estimators_])
    np.testing.assert_allclose(ours[1], of_trees.std(axis=0) * scaling.std, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("model", trees.RECIPES)
def test_predictions_scale_with_the_unit_of_the_property(model):
    # Thermal expansion is some 1e-6 per kelvin: no absolute tolerance may decide anything.
    train, val, test = tiny_split()
    recipe = trees.RECIPES[model].with_changes(**({"trees": 5} if model != "GBM" else {"min_samples_leaf": 2}))
    small = [part.assign(target=part["target"] * 2.0**-20) for part in (train, val)]
    predicted = TreeModel(recipe, 0, False).fit(train, val).predict(test)[0]
    np.testing.assert_allclose(TreeModel(recipe, 0, False).fit(*small).predict(test)[0] * 2.0**20, predicted, rtol=1e-6)


def test_boosting_keeps_the_rounds_up_to_the_lowest_validation_error():
    train, val, _ = tiny_split()
    recipe = trees.Boosting(rounds=12, patience=12, min_samples_leaf=2, learning_rate=0.5)
    model = TreeModel(recipe, 0, False).fit(train, val)
    errors = {}
    for rounds in range(1, 13):
        fixed = TreeModel(recipe, 0, False).fit(train, None, stop_after=rounds)
        errors[rounds] = float(np.abs(fixed.predict(val)[0] - val["target"]).mean())
    assert model.history_.best_epoch == min(errors, key=errors.get)
    assert np.abs(model.predict(val)[0] - val["target"]).mean() == pytest.approx(min(errors.values()))


def test_boosting_learns_where_most_targets_are_zero():
    """As band gaps are; without jitter, all predictions were zero, their median."""
    amounts = np.arange(1, 201)
    table = pd.DataFrame({"formula": [f"Fe{n}Ni{201 - n}" for n in amounts], "target": np.maximum(amounts - 120.0, 0)})
    recipe = trees.RECIPES["GBM"].with_changes(rounds=100)
    model = TreeModel(recipe, seed=0, classification=False).fit(table[::2], table[1::2])
    assert np.abs(model.predict(table)[0] - table["target"]).mean() < 0.2 * table["target"].mean()


def test_a_refit_of_boosting_has_the_rounds_that_validation_chose(tiny):
    apart = tiny(RunSpec(BULK, model="GBM", recipe="trees"))
    record = tiny(RunSpec(BULK, model="GBM", recipe="trees", refit=True))
    assert (record.n_train, record.n_val) == (34, 0)
    assert record.best_epoch == apart.best_epoch


def test_large_sets_have_fewer_trees():
    forest = trees.Forest(trees=300, trees_of_many=50, many_rows=50_000)
    assert [forest.number_of_trees(rows) for rows in (50_000, 50_001)] == [300, 50]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model": "RF"}, "the recipe of RF is 'trees', not 'fast'"),
        ({"model": "GBM", "recipe": "trees", "setting": "published"}, "setting is 'exact'"),
        ({"model": "ET", "recipe": "trees", "epochs": 7}, "epochs is None"),
        ({"model": "XGB", "recipe": "trees"}, "no network or baseline is called 'XGB'"),
        ({"model": "L-G-DCNN", "recipe": "trees"}, "no recipe is called 'trees'"),
    ],
)
def test_what_no_baseline_can_do_is_refused(options, reason):
    with pytest.raises(ValueError, match=reason):
        RunSpec(BULK, **options)
    assert RunSpec(BULK, model="RF", recipe="trees", epochs=1) == RunSpec(BULK, model="RF", recipe="trees")


def test_a_watcher_can_stop_a_forest_and_nothing_is_recorded(tiny, store):
    seen = []

    def watch(progress):
        seen.append((progress.epoch, progress.epochs))
        return progress.epoch == 2

    with pytest.raises(TrainingStopped, match="2 of 5 trees"):
        tiny(RunSpec(BULK, model="ET", recipe="trees"), watch=watch)
    assert seen == [(0, 5), (1, 5), (2, 5)]
    assert not list(store.keys())


def test_trees_are_not_kept_as_weights(tiny):
    with pytest.raises(InvalidSpec, match="RF has no weights to keep"):
        tiny(RunSpec(BULK, model="RF", recipe="trees"), weights=True)


def test_estimated_seconds_grow_with_rows_and_trees(monkeypatch):
    # Of a forest, twice as many rows take 2.5 times as long; a round of boosting takes 0.1 s on 1,000 rows.
    forest = {tree_pace.LARGE: 1.0, tree_pace.SMALL: 2.5 ** -np.log2(tree_pace.LARGE / tree_pace.SMALL)}
    per_tree = {trees.Forest: forest.get, trees.Boosting: lambda n: n * 1e-4}
    monkeypatch.setattr(tree_pace, "_per_tree", lambda recipe, n: per_tree[type(recipe)](n))
    rows = 2 * tree_pace.LARGE
    assert tree_pace.growing_seconds(trees.Forest(trees=300), rows) == pytest.approx(300 * 2.5)
    assert tree_pace.growing_seconds(trees.Boosting(rounds=100), 10_000) == pytest.approx(100 * 1.0)


def test_a_few_trees_are_timed():
    assert tree_pace._per_tree(trees.Forest(), 200) > 0


def test_a_changed_recipe_is_another_run(tiny, monkeypatch):
    spec = RunSpec(BULK, model="RF", recipe="trees")
    tiny(spec)
    monkeypatch.setitem(trees.RECIPES, "RF", trees.RECIPES["RF"].with_changes(min_samples_leaf=3))
    with pytest.raises(runs.OutdatedRecord, match="other values of min_samples_leaf than today's recipe 'trees'"):
        tiny(spec)


def test_pandas_tables_without_formulas_are_refused():
    with pytest.raises(ValueError, match="no column 'formula'"):
        TreeModel(trees.Forest(trees=1), 0, False).fit(pd.DataFrame({"target": [1.0]}), None)
