"""The regressor: what scikit-learn and a user with a csv of their own hold it to."""

import pickle
import warnings
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from compounds import FORMULAS
from sklearn import __version__ as sklearn_version
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.fixes import parse_version
from small_regressor import BRIEF, TABLE, regressor

from lgdcnn_core import CompositionRegressor, cecv
from lgdcnn_core.models.published import to_published
from lgdcnn_core.training import FAST, BadTrainingData


def test_predictions_do_not_depend_on_how_formulas_are_given(fitted):
    expected = fitted.predict(TABLE)
    assert expected.shape == (10,)
    for X in (FORMULAS, tuple(FORMULAS), TABLE["formula"], np.array(FORMULAS), TABLE[["formula"]]):
        np.testing.assert_array_equal(fitted.predict(X), expected)


def test_permuting_rows_permutes_predictions(fitted):
    order = np.random.default_rng(0).permutation(10)
    np.testing.assert_allclose(fitted.predict(TABLE.iloc[order]), fitted.predict(TABLE)[order], rtol=1e-5)


def test_a_standard_deviation_comes_in_the_unit_of_the_property(fitted):
    mean, std = fitted.predict(FORMULAS, return_std=True)
    assert mean.shape == std.shape == (10,)
    assert (std > 0).all()
    assert 5 < np.median(std) < 100  # an untrained network is about as unsure as the targets are spread (30)


class TestScikitLearn:
    """Its own checks where they apply to text, and what they would check of the others."""

    APPLY = (
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    )
    CANNOT: ClassVar = {
        "they give `fit` an array of numbers, and formulas are text, dicts or Compositions": (
            "check_array_api check_complex_data check_dict_unchanged check_dont_overwrite check_dtype_object "
            "check_estimators check_f_contiguous check_fit check_methods check_non_transformer check_pipeline "
            "check_readonly_memmap check_regressor check_requires_y_none check_sample_weight "
            "check_all_zero_sample_weights check_supervised"
        ),
        "they count features, of which formulas have none": "check_n_features",
        "`fit` takes no sparse matrix": "check_estimator_sparse",
        "they concern estimators with the tag positive_only": "check_positive_only",
    }

    @pytest.mark.parametrize("name", APPLY)
    def test_a_check_of_its_own_that_applies_passes(self, name):
        getattr(estimator_checks, name)("CompositionRegressor", regressor())

    def test_every_other_check_has_a_reason_why_it_cannot_apply(self):
        prefixes = tuple(" ".join(self.CANNOT.values()).split())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = estimator_checks.estimator_checks_generator(DummyRegressor())
            names = {getattr(check, "func", check).__name__ for _, check in made}
        known = {name for name in names if name in self.APPLY or name.startswith(prefixes)}
        assert len(known) > 30
        assert names == known or parse_version(sklearn_version) > parse_version("1.9.99")  # later ones may have more

    def test_parameters_are_got_set_and_cloned(self, fitted):
        estimator = regressor(seed=3)
        assert clone(estimator).get_params() == estimator.get_params()
        assert estimator.set_params(model="DCNN-K1").model == "DCNN-K1"
        assert not hasattr(clone(fitted), "networks_")
        with pytest.raises(ValueError, match="Invalid parameter 'colour'"):
            estimator.set_params(colour="red")

    def test_nothing_is_predicted_scored_or_saved_before_it_is_fitted(self, tmp_path):
        calls = [lambda X: regressor().predict(X), lambda X: regressor().score(X, range(10))]
        for call in [
            *calls,
            lambda X: regressor().save(tmp_path / "x"),
            lambda X: regressor().fit(TABLE, init=regressor()),
        ]:
            with pytest.raises(NotFittedError):
                call(FORMULAS)

    def test_it_counts_no_features(self, fitted):
        assert not hasattr(fitted, "n_features_in_")
        assert not hasattr(fitted, "feature_names_in_")

    def test_fit_returns_itself_and_changes_neither_parameters_nor_data(self):
        estimator, table = regressor(), TABLE.copy()
        parameters = estimator.get_params()
        assert estimator.fit(table) is estimator
        assert estimator.get_params() == parameters
        pd.testing.assert_frame_equal(table, TABLE)
        again = clone(estimator).fit(table)
        np.testing.assert_array_equal(again.predict(FORMULAS), estimator.predict(FORMULAS))

    def test_a_pickle_predicts_the_same_bits(self, fitted):
        for model in (fitted, regressor().fit(FORMULAS, TestSeveralProperties.TARGETS)):
            again = pickle.loads(pickle.dumps(model))
            np.testing.assert_array_equal(again.predict(FORMULAS), model.predict(FORMULAS))
            assert again.history_ == model.history_
            assert again.get_params() == model.get_params()

    @pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")  # ten compounds share few elements
    @pytest.mark.parametrize("X", [FORMULAS, TABLE[["formula"]], TABLE.set_axis(list("abcdefghij"))])
    def test_models_are_cross_validated_and_chosen(self, X):
        scores = cross_val_score(regressor(), X, TABLE["target"], cv=2, scoring="neg_mean_absolute_error")
        assert scores.shape == (2,)
        first = regressor().fit(FORMULAS[5:], TABLE["target"][5:]).predict(FORMULAS[:5])
        assert scores[0] == pytest.approx(-np.abs(first - TABLE["target"][:5]).mean())
        search = GridSearchCV(regressor(), {"seed": [0, 1]}, cv=2, scoring="neg_mean_absolute_error")
        search.fit(X, TABLE["target"])
        assert search.cv_results_["mean_test_score"][0] == pytest.approx(scores.mean())
        assert search.best_estimator_.seed in (0, 1)
        assert search.predict(FORMULAS).shape == (10,)

    @pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")
    def test_a_table_with_its_targets_needs_no_y(self):
        found = cross_val_score(regressor(), TABLE, cv=2)
        np.testing.assert_allclose(found, cross_val_score(regressor(), FORMULAS, TABLE["target"], cv=2))
        assert np.isfinite(make_pipeline(regressor()).fit(FORMULAS, TABLE["target"]).predict(FORMULAS)).all()


def test_fit_takes_tables_and_pairs_alike():
    from_table = regressor().fit(TABLE, val=TABLE)
    from_lists = regressor().fit(FORMULAS, list(TABLE["target"]), val=(FORMULAS, list(TABLE["target"])))
    np.testing.assert_array_equal(from_table.predict(FORMULAS), from_lists.predict(FORMULAS))
    assert from_table.n_train_ == from_table.n_val_ == 10


def test_rows_with_the_same_formula_are_averaged_in_training():
    twice = pd.concat([TABLE.assign(target=TABLE.target - 1), TABLE.assign(target=TABLE.target + 1)])
    once = regressor().fit(TABLE)
    both = regressor().fit(twice)
    assert both.n_train_ == 10
    np.testing.assert_allclose(both.predict(FORMULAS), once.predict(FORMULAS), rtol=1e-6)


def test_score_is_r2(fitted):
    targets = TABLE["target"].to_numpy()
    residuals = targets - fitted.predict(TABLE)
    assert fitted.score(TABLE) == pytest.approx(1 - (residuals**2).sum() / ((targets - targets.mean()) ** 2).sum())


def test_the_paper_recipe_holds_validation_data_out_if_none_are_given():
    from lgdcnn_core.training import PAPER

    fitted = regressor(recipe=PAPER.with_changes(epochs=1), setting="published").fit(TABLE)
    assert (fitted.n_train_, fitted.n_val_) == (9, 1)


class TestSeveralProperties:
    TARGETS = pd.DataFrame({"hardness": np.linspace(10, 100, 10), "gap": np.linspace(2, 1, 10)})
    TARGETS.loc[3, "hardness"] = TARGETS.loc[5, "gap"] = np.nan

    @pytest.fixture(scope="class")
    @classmethod
    def both(cls) -> CompositionRegressor:
        return regressor().fit(FORMULAS, cls.TARGETS)

    def test_predictions_are_a_column_a_property_each_in_its_unit(self, both):
        assert both.properties_ == ("hardness", "gap")
        mean, std = both.predict(FORMULAS, return_std=True)
        assert mean.shape == std.shape == (10, 2)
        assert (np.abs(mean.mean(axis=0) - self.TARGETS.mean()) < self.TARGETS.std()).all()
        assert (std > 0).all()
        assert both.predict([]).shape == (0, 2)
        assert regressor().fit(FORMULAS, self.TARGETS.to_numpy()).properties_ == ("0", "1")

    def test_a_saved_model_keeps_them(self, both, tmp_path):
        loaded = CompositionRegressor.load(both.save(tmp_path / "both.safetensors"))
        assert loaded.properties_ == both.properties_
        np.testing.assert_array_equal(loaded.predict(FORMULAS), both.predict(FORMULAS))

    def test_rows_with_the_same_formula_are_averaged_where_known(self, both):
        twice = pd.concat([self.TARGETS - 1, self.TARGETS + 1, self.TARGETS.assign(gap=np.nan).dropna(how="all")])
        formulas = [*FORMULAS, *FORMULAS, *(f for number, f in enumerate(FORMULAS) if number != 3)]
        again = regressor().fit(formulas, twice)
        assert again.n_train_ == 10
        np.testing.assert_allclose(again.predict(FORMULAS), both.predict(FORMULAS), rtol=1e-5)

    def test_fine_tuning_goes_on_from_one_of_them_or_with_another(self, both, tmp_path):
        nothing = BRIEF.with_changes(epochs=1, lr_max=1e-30, weight_decay=0.0, ema_decay=0.0)
        path = both.save(tmp_path / "both.safetensors")
        alone = pd.DataFrame({"formula": FORMULAS, "target": self.TARGETS["gap"]}).dropna()
        # Standardised as the model that it goes on from: the same targets.
        tuned = regressor(recipe=nothing).fit(alone, init=path, init_property="gap")
        assert tuned.properties_ is None
        np.testing.assert_allclose(tuned.predict(FORMULAS), both.predict(FORMULAS)[:, 1], rtol=1e-5)
        another = regressor(recipe=nothing).fit(alone, init=both)
        trunks = [model.network_.blocks.state_dict() for model in (another, both)]
        assert all(torch.equal(trunks[0][name], trunks[1][name]) for name in trunks[1])
        assert not np.allclose(another.predict(FORMULAS), both.predict(FORMULAS)[:, 1], rtol=1e-3)
        ensemble = regressor(recipe=nothing, n_members=2).fit(alone, init=both, init_property="gap")
        np.testing.assert_allclose(ensemble.predict(FORMULAS), both.predict(FORMULAS)[:, 1], rtol=1e-5)

    def test_what_cannot_be_gone_on_from_is_named(self, both, fitted):
        with pytest.raises(BadTrainingData, match="no property 'colour'; it has hardness, gap"):
            regressor().fit(TABLE, init=both, init_property="colour")
        with pytest.raises(BadTrainingData, match="a single property to one of the properties hardness, gap"):
            regressor().fit(FORMULAS, self.TARGETS, init=fitted)
        with pytest.raises(BadTrainingData, match="init_property is 'gap'"):
            regressor().fit(TABLE, init=fitted, init_property="gap")
        with pytest.raises(BadTrainingData, match="init_property is 'gap', but there is no init"):
            regressor().fit(TABLE, init_property="gap")

    @pytest.mark.parametrize(
        ("targets", "parameters", "said"),
        [
            (TARGETS.fillna(1.0).assign(gap=np.nan), {}, "1 properties of the training data have no target, such as 1"),
            (TARGETS.assign(hardness=TARGETS["gap"]), {}, "1 compounds of the training data have no target, such as 5"),
            (TARGETS.assign(gap=np.inf), {}, r"10 targets of gap in the training data .* row 0 \(NaCl\): inf"),
            (TARGETS.assign(gap="wide"), {}, r"10 targets of gap in the training data .* row 0 \(NaCl\): 'wide'"),
            (TARGETS.assign(gap=1j), {}, r"10 targets of gap in the training data .* row 0 \(NaCl\): 1j"),
            (np.ones((10, 2, 2)), {}, r"targets of the training data are \(10, 2, 2\); give \(B,\), or \(B, K\)"),
            ([[1, 2], [3]] * 5, {}, "rows of targets of the training data have different lengths: 1, 2"),
            (
                pd.DataFrame({"formula": FORMULAS, "gap": 1.0, "phase": "bcc"}),
                {},
                r"10 targets of formula in .* row 0 \(NaCl\): 'NaCl'(.|\n)*10 targets of phase in .*: 'bcc'",
            ),
            (TARGETS[["gap", "hardness", "gap"]], {}, "two properties have one name"),
            (TARGETS[:9], {}, "10 formulas but 9 rows of targets"),
            (TARGETS, {"classification": True}, "classification takes one property"),
            (TARGETS, {"recipe": BRIEF.with_changes(targets="asinh of long tails")}, "learnt as they are"),
        ],
    )
    def test_targets_that_cannot_be_are_named(self, targets, parameters, said):
        with pytest.raises(BadTrainingData, match=said):
            regressor(**parameters).fit(FORMULAS, targets)

    def test_validation_data_are_of_the_same_properties(self):
        with pytest.raises(BadTrainingData, match="different properties"):
            regressor().fit(FORMULAS, self.TARGETS, val=TABLE)
        with pytest.raises(BadTrainingData, match="validation data have different properties: colour in place of gap"):
            regressor().fit(FORMULAS, self.TARGETS, val=(FORMULAS, self.TARGETS.rename(columns={"gap": "colour"})))

    def test_columns_are_matched_by_name_wherever_they_are_given(self, both):
        backwards = self.TARGETS[["gap", "hardness"]]
        fitted = regressor().fit(FORMULAS, self.TARGETS, val=(FORMULAS, self.TARGETS))
        again = regressor().fit(FORMULAS, self.TARGETS, val=(FORMULAS, backwards))
        assert again.history_.epochs[0].val_error == fitted.history_.epochs[0].val_error
        assert both.score(FORMULAS, backwards) == both.score(FORMULAS, self.TARGETS)
        with pytest.raises(BadTrainingData, match="scored data have different properties: colour in place of gap"):
            both.score(FORMULAS, self.TARGETS.rename(columns={"gap": "colour"}))
        with pytest.raises(BadTrainingData, match="they have a single property, the model hardness, gap"):
            both.score(FORMULAS, TABLE["target"])

    def test_the_score_counts_what_is_known(self, both):
        known = self.TARGETS.notna().to_numpy()
        predicted, actual = both.predict(FORMULAS), self.TARGETS.to_numpy()
        scores = [r2_score(actual[known[:, k], k], predicted[known[:, k], k]) for k in (0, 1)]
        assert both.score(FORMULAS, self.TARGETS) == pytest.approx(np.mean(scores))
        assert both.score(FORMULAS, self.TARGETS.assign(gap=np.nan)) == pytest.approx(scores[0])
        with pytest.raises(BadTrainingData, match="fewer than 2 known targets"):
            both.score(FORMULAS[:1], self.TARGETS[:1])


class TestClassification:
    TABLE = TABLE.assign(target=[0, 1] * 5)

    def test_probabilities_and_classes(self):
        fitted = regressor(classification=True).fit(self.TABLE, val=self.TABLE)
        probabilities = fitted.predict_proba(FORMULAS)
        assert probabilities.shape == (10, 2)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        np.testing.assert_array_equal(fitted.predict(FORMULAS), probabilities.argmax(axis=1))
        assert fitted.score(self.TABLE) == np.mean(fitted.predict(FORMULAS) == self.TABLE.target)

    def test_other_targets_are_refused(self):
        with pytest.raises(BadTrainingData, match=r"8 targets .* not classes: text, .*: row 1 \(Fe2O3\): 20\.5"):
            regressor(classification=True).fit(TABLE.assign(target=[0, 20.5, 1, *[0.3] * 7]))

    def test_it_learns(self):
        recipe = FAST.with_changes(epochs=40, batch_size=10, precision="float32")
        fitted = regressor(classification=True, recipe=recipe, model="DCNN").fit(self.TABLE)
        assert fitted.score(self.TABLE) == 1.0

    def test_a_regression_has_no_probabilities(self, fitted):
        with pytest.raises(AttributeError, match="classification=True"):
            fitted.predict_proba(FORMULAS)


def test_a_published_checkpoint_predicts_in_the_unit_of_its_property(fitted, tmp_path):
    weights = to_published("LSTM", fitted.network_)
    scaler = {"mean": fitted.scaling_.mean, "std": fitted.scaling_.std}
    torch.save({"weights": weights, "scaler_state": scaler, "model_name": "LSTM"}, tmp_path / "LSTM.pth")
    published = CompositionRegressor.from_published(tmp_path / "LSTM.pth", n_max=4)
    # Four elements, so no padding, and the more electropositive there is more of: both settings read it alike.
    alike = ["Li4Fe3P2O"]
    np.testing.assert_allclose(published.predict(alike), fitted.predict(alike), rtol=1e-5)


def test_the_real_thing_beats_the_mean_on_real_data(benchmark_data):
    """A minute's worth of learning is a record's business; this is one brief look that the whole road works."""
    from lgdcnn_core import benchmarks

    data = benchmarks.load("aflow__ael_debye_temperature")
    recipe = FAST.with_changes(epochs=6, batch_size=32)
    fitted = regressor(model="DCNN", recipe=recipe).fit(data.train.sample(800, random_state=0), val=data.val)
    error = np.abs(fitted.predict(data.test) - data.test["target"]).mean()
    mean_error = np.abs(data.train["target"].mean() - data.test["target"]).mean()
    assert error < 0.7 * mean_error


@pytest.mark.parametrize("setting", ["exact", "published"])
@pytest.mark.parametrize("model", ["L-G-DCNN", "CrabNet"])
def test_cecv_reads_the_layers_of_a_trained_model(model, setting):
    """Every layer's EFMs of the compounds with the focus element, whatever batches they came in."""
    fitted = regressor(model=model, setting=setting, recipe=BRIEF.with_changes(epochs=1)).fit(TABLE)
    found = cecv.layer_efms(fitted.network_, fitted.batches(FORMULAS), focus=8)
    assert {size: list(rows) for size, rows in found.rows.items() if len(rows)} == {3: [2, 8], 4: [4]}
    # Al2SiO5 by amount, also where the model reads elements by electronegativity.
    assert list(found.atomic_numbers[3][1]) == [8, 13, 14]
    expected = {
        "L-G-DCNN": ["LSTM output", "soft attention#1", "GRU output", "soft attention#2"]
        + [f"DCNN block {k}" for k in (1, 2, 3)],
        "CrabNet": [f"transformer layer {k}" for k in (1, 2, 3)],
    }
    assert list(found.efms) == expected[model]
    assert all(vector.n_compounds == 3 for vector in found.cecvs().values())


def test_a_training_that_stops_after_an_epoch_is_the_beginning_of_the_whole_one():
    recipe = BRIEF.with_changes(epochs=4)
    whole, stopped = regressor(recipe=recipe).fit(TABLE), regressor(recipe=recipe).fit(TABLE, stop_after=2)
    first, second = ([(line.loss, line.learning_rate) for line in each.history_.epochs] for each in (whole, stopped))
    assert second == first[:2]
    assert stopped.history_.best_epoch == 2
    for wrong in (0, 5, 1.5, True, "2"):
        with pytest.raises(ValueError, match=f"stop_after is {wrong!r}; the recipe has epochs 1 to 4"):
            regressor(recipe=recipe).fit(TABLE, stop_after=wrong)
