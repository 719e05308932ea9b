"""Sample weights: what a row of weight w does is what w rows do."""

import numpy as np
import pandas as pd
import pytest
import torch
from compounds import FORMULAS
from heard import heard
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils.validation import has_fit_parameter
from small_regressor import BRIEF, TABLE, regressor

from lgdcnn_core.training import (
    FAST,
    PAPER,
    BadTrainingData,
    Layout,
    Plan,
    Scaling,
    choose,
    loop,
    training_and_validation,
)
from lgdcnn_core.training.checkpoint import ForeignCheckpoint
from lgdcnn_core.training.objective import Objective

pytestmark = pytest.mark.filterwarnings("ignore:.*(share|never saw):lgdcnn_core.training.DataWarning")

COUNTS = np.array([1, 3, 2, 1, 1, 2, 0, 1, 4, 1])
REPEATED = TABLE.loc[np.repeat(TABLE.index, COUNTS)]
TWO = pd.DataFrame({"a": np.linspace(1, 2, 10), "b": np.linspace(5, 1, 10)})
TWO.loc[1, "a"] = TWO.loc[2, "b"] = np.nan


def merged(X, y=None, sample_weight=None, classification=False):
    return training_and_validation(X, y, None, classification, None, sample_weight)[0]


def assert_same(found, expected):
    assert list(found.compositions.formulas) == list(expected.compositions.formulas)
    np.testing.assert_allclose(found.targets, expected.targets, rtol=1e-12)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-12)


class TestMerging:
    def test_targets_become_their_weighted_mean_and_weights_their_sum(self):
        found = merged(["AlN", "Cu", "AlN"], [10.0, 7.0, 40.0], [2, 5, 1])
        assert list(found.compositions.formulas) == ["AlN", "Cu"]
        assert found.targets.tolist() == [20.0, 7.0]
        assert found.weights.tolist() == [3.0, 5.0]

    def test_integer_weights_are_repeated_rows(self):
        table = TABLE.assign(formula=[*FORMULAS[:5], *FORMULAS[:5]])
        for X, rows in ((TABLE, REPEATED), (table, table.loc[np.repeat(table.index, COUNTS)])):
            assert_same(merged(X, None, COUNTS), merged(rows, None, np.ones(len(rows))))

    def test_each_of_several_properties_weighs_where_it_is_known(self):
        found = merged(["AlN", "AlN", "Cu"], pd.DataFrame({"a": [1.0, np.nan, 3], "b": [4.0, 8, np.nan]}), [3, 1, 2])
        np.testing.assert_array_equal(found.targets, [[1.0, 5.0], [3.0, np.nan]])
        assert found.weights.tolist() == [[3.0, 4.0], [2.0, 0.0]]
        rows = np.repeat(np.arange(10), COUNTS)
        names = [FORMULAS[row] for row in rows]
        assert_same(merged(FORMULAS, TWO, COUNTS), merged(names, TWO.loc[rows], np.ones(len(rows))))

    def test_the_warning_says_that_the_mean_is_weighted(self):
        (said,) = heard(lambda: merged(["AlN", "Cu", "AlN"], [1, 2, 3], [1, 1, 2]))
        assert "its weighted mean target" in said

    def test_without_weights_a_compound_counts_once_however_many_rows_it_has(self):
        assert merged(REPEATED).weights is None


class TestLoss:
    OUTPUT = torch.from_numpy(np.random.default_rng(0).normal(size=(10, 2))).requires_grad_()
    RATIOS = torch.from_numpy(COUNTS / COUNTS.mean())
    ROWS = torch.from_numpy(np.repeat(np.arange(10), COUNTS))

    @pytest.mark.parametrize("loss", ["Laplace", "L1", "classification"])
    def test_the_loss_and_its_gradient_are_those_of_repeated_rows(self, loss):
        target = torch.arange(10.0).double() % 2
        recipe = FAST if loss == "classification" else FAST.with_changes(loss=loss)
        plan = Plan(recipe, Layout("exact", 5), Scaling(0.0, 1.0), choose("cpu"), 0, loss == "classification")
        objective = Objective.of(plan, target.numpy())
        weighted = objective.loss_and_error(self.OUTPUT, target, self.RATIOS)
        repeated = objective.loss_and_error(self.OUTPUT[self.ROWS], target[self.ROWS])
        for found, expected in zip(weighted, repeated, strict=True):
            assert found.item() == pytest.approx(expected.item())
        gradients = [torch.autograd.grad(values[0], self.OUTPUT)[0] for values in (weighted, repeated)]
        torch.testing.assert_close(*gradients)
        found = objective.val_error(self.OUTPUT.detach().numpy(), target.numpy(), COUNTS)
        rows = self.ROWS.numpy()
        assert found == pytest.approx(objective.val_error(self.OUTPUT.detach().numpy()[rows], target.numpy()[rows]))

    def test_several_properties_are_weighted_row_by_row_and_property_by_property(self):
        known = np.isfinite(TWO.to_numpy())
        plan = Plan(FAST, Layout("exact", 5), Scaling.of(TWO.to_numpy(), False), choose("cpu"), 0)
        objective = Objective.of(plan, TWO.to_numpy())
        output = torch.stack([self.OUTPUT, 2 * self.OUTPUT], dim=1).float()
        target = torch.from_numpy(plan.scaling.learnt(TWO.to_numpy())).float()
        weights = torch.from_numpy(COUNTS[:, None] * known).float()
        found, _ = objective.loss_and_error(output, target, weights)
        expected, _ = objective.loss_and_error(output[self.ROWS], target[self.ROWS])
        assert found.item() == pytest.approx(expected.item() * len(self.ROWS) / 10)
        rows = self.ROWS.numpy()
        result = output.detach().double().numpy()
        error = objective.val_error(result, TWO.to_numpy(), COUNTS[:, None] * known)
        assert error == pytest.approx(objective.val_error(result[rows], TWO.to_numpy()[rows]))


class TestTraining:
    def test_integer_weights_train_as_repeated_rows_of_weight_1(self):
        found = regressor().fit(TABLE, val=TABLE, sample_weight=COUNTS)
        expected = regressor().fit(REPEATED, val=TABLE, sample_weight=np.ones(len(REPEATED)))
        assert found.n_train_ == expected.n_train_ == 9
        np.testing.assert_array_equal(found.predict(TABLE), expected.predict(TABLE))

    def test_only_their_ratios_matter_and_equal_ones_change_nothing(self):
        plain = regressor().fit(TABLE).predict(TABLE)
        for equal in (np.ones(10), [7.0] * 10):
            np.testing.assert_allclose(regressor().fit(TABLE, sample_weight=equal).predict(TABLE), plain, rtol=1e-5)
        once, scaled = (regressor().fit(TABLE, sample_weight=COUNTS * scale).predict(TABLE) for scale in (1, 1e-300))
        np.testing.assert_allclose(scaled, once, rtol=1e-5)
        assert not np.allclose(once, plain, rtol=1e-5)

    def test_what_weighs_more_is_learnt_better(self):
        recipe = FAST.with_changes(epochs=60, batch_size=10, precision="float32")
        weights = np.where(np.arange(10) < 5, 100.0, 0.01)
        noise = TABLE.assign(target=np.tile([0.0, 100.0], 5))
        fitted = regressor(model="DCNN-K1", recipe=recipe).fit(noise, sample_weight=weights)
        errors = np.abs(fitted.predict(noise) - noise["target"])
        assert errors[:5].mean() < 0.3 * errors[5:].mean()

    @pytest.mark.parametrize("classification", [False, True])
    def test_several_networks_classes_and_batches_that_have_room_take_them_too(self, classification, monkeypatch):
        class Unrecorded(loop.PassGraph):
            def __call__(self, batch, *others):
                return self.passes(batch.src, batch.frac, *others)

        table = TABLE.assign(target=[0.0, 1.0] * 5) if classification else TABLE
        fit = regressor(n_members=2, classification=classification).fit
        expected = fit(table, sample_weight=COUNTS).predict(table)
        monkeypatch.setattr("lgdcnn_core.training.Compute.has_graphs", True)
        monkeypatch.setattr(loop, "PassGraph", Unrecorded)
        np.testing.assert_allclose(fit(table, sample_weight=COUNTS).predict(table), expected, rtol=1e-4)

    @pytest.mark.filterwarnings("ignore:the table of validation")
    def test_a_column_of_a_table_holds_them_for_training_and_validation(self):
        table = TABLE.assign(certainty=COUNTS, other=COUNTS[::-1])
        calls = {
            "column": lambda: regressor().fit(table[["formula", "target", "certainty"]], sample_weight="certainty"),
            "validated": lambda: regressor().fit(TABLE.assign(certainty=COUNTS), val=table, sample_weight="certainty"),
        }
        assert heard(calls["column"]) == []
        assert heard(calls["validated"]) == ["the table of validation data has a column that is not used: 'other'"]
        np.testing.assert_array_equal(
            calls["column"]().predict(TABLE), regressor().fit(TABLE, sample_weight=COUNTS).predict(TABLE)
        )
        weighted, plain = calls["validated"](), regressor().fit(TABLE, val=TABLE, sample_weight=COUNTS)
        deviations = np.abs(plain.predict(TABLE) - TABLE["target"])
        assert plain.history_.best_epoch == len(plain.history_.epochs)
        assert plain.history_.epochs[-1].val_error == pytest.approx(deviations.mean(), rel=1e-5)
        assert weighted.history_.epochs[-1].val_error == pytest.approx(np.average(deviations, weights=COUNTS), rel=1e-5)

    def test_validation_data_that_are_held_out_keep_their_weights(self, monkeypatch):
        given = []
        monkeypatch.setattr("lgdcnn_core.regressor.estimator.train", lambda _, *data, **__: given.append(data))
        regressor(recipe=PAPER.with_changes(epochs=1)).fit(TABLE, sample_weight=np.arange(1, 11))
        ((train, val, _),) = given
        assert sorted([*train.weights, *val.weights]) == list(range(1, 11))
        assert val.weights == TABLE["formula"].eq(val.compositions.formulas[0]).idxmax() + 1

    def test_a_checkpoint_of_other_weights_is_refused(self, tmp_path):
        fit = regressor(recipe=BRIEF.with_changes(epochs=3)).fit
        fit(TABLE, checkpoint=tmp_path / "run.pt", sample_weight=COUNTS, stop_after=1)
        for other in (None, COUNTS[::-1]):
            with pytest.raises(ForeignCheckpoint, match="training data"):
                fit(TABLE, checkpoint=tmp_path / "run.pt", sample_weight=other)
        fit(TABLE, checkpoint=tmp_path / "run.pt", sample_weight=COUNTS)

    @pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")
    def test_scikit_learn_finds_them_and_hands_them_out(self):
        assert has_fit_parameter(regressor(), "sample_weight")
        search = GridSearchCV(regressor(), {"seed": [0, 1]}, cv=2).fit(FORMULAS, TABLE["target"], sample_weight=COUNTS)
        expected = regressor(**search.best_params_).fit(FORMULAS, TABLE["target"], sample_weight=COUNTS)
        np.testing.assert_array_equal(search.predict(FORMULAS), expected.predict(FORMULAS))


class TestScore:
    def test_it_is_that_of_scikit_learn(self):
        fitted = regressor().fit(TABLE)
        expected = r2_score(TABLE["target"], fitted.predict(TABLE), sample_weight=COUNTS)
        assert fitted.score(TABLE, sample_weight=COUNTS) == pytest.approx(expected)
        assert fitted.score(TABLE.assign(certainty=COUNTS), sample_weight="certainty") == pytest.approx(expected)
        assert fitted.score(REPEATED) == pytest.approx(expected)
        classes = TABLE.assign(target=[0, 1] * 5)
        classifier = regressor(classification=True).fit(classes)
        expected = accuracy_score(classes["target"], classifier.predict(TABLE), sample_weight=COUNTS)
        assert classifier.score(classes, sample_weight=COUNTS) == pytest.approx(expected)

    def test_several_properties_are_weighted_where_they_are_known(self):
        fitted = regressor().fit(FORMULAS, TWO)
        predicted, scores = fitted.predict(FORMULAS), []
        for number, name in enumerate(TWO):
            known = TWO[name].notna().to_numpy()
            scores.append(r2_score(TWO[name][known], predicted[known, number], sample_weight=COUNTS[known]))
        assert fitted.score(FORMULAS, TWO, sample_weight=COUNTS) == pytest.approx(np.mean(scores))


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (
            [1, -2, *[1] * 7, np.nan],
            r"2 sample weights .* not finite numbers of at least 0: row 1 \(Fe2O3\): -2\.0; r",
        ),
        ([1] * 9 + [np.inf], r"1 sample weights .* row 9 \(ZnS\): inf"),
        ([1] * 9 + ["much"], r"1 sample weights .* row 9 \(ZnS\): 'much'"),
        ([1] * 9 + [None], r"1 sample weights .* row 9 \(ZnS\): nan"),
        ([0] * 10, "sample weights of the training data add up to 0; give a positive, finite sum"),
        ([1e308] * 10, "sample weights of the training data add up to inf; give a positive, finite sum"),
        ([1] * 9, "10 formulas but 9 sample weights"),
        (2.0, r"sample_weight of the training data is 2\.0; give one number for each row, or the name of a column"),
        ({"NaCl": 1}, r"sample_weight of the training data is \{'NaCl': 1\}; give one number for each row"),
        (np.ones((10, 2)), "sample_weight of the training data is array.*; give one number for each row"),
        ("certainty", "the table has no column 'certainty'; its columns are formula, target"),
    ],
)
def test_wrong_weights_are_told_what_is_wanted(weights, said):
    with pytest.raises(BadTrainingData, match=said) as error:
        regressor().fit(TABLE, sample_weight=weights)
    assert len(str(error.value).splitlines()) == 1


def test_a_name_without_a_table_and_a_property_without_weight_are_told_too():
    with pytest.raises(BadTrainingData, match="sample_weight of the training data is 'certainty'; give one number"):
        regressor().fit(FORMULAS, TABLE["target"], sample_weight="certainty")
    with pytest.raises(BadTrainingData, match="all targets of a have the sample weight 0"):
        regressor().fit(["AlN", "Cu"], pd.DataFrame({"a": [1, np.nan], "b": [2, 3]}), sample_weight=[0, 1])
    with pytest.raises(BadTrainingData, match="1 sample weights of the scored data"):
        regressor().fit(TABLE).score(TABLE, sample_weight=[-1] + [1] * 9)
