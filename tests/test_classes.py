"""Classification: labels of any kind, two classes or more."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from compounds import FORMULAS
from heard import heard
from safetensors import safe_open
from sklearn.metrics import log_loss
from small_regressor import BRIEF, TABLE, regressor

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.composition import parse
from lgdcnn_core.regressor import saved_model
from lgdcnn_core.training import (
    FAST,
    PAPER,
    BadTrainingData,
    Layout,
    Plan,
    Scaling,
    choose,
    outputs,
    training_and_validation,
)
from lgdcnn_core.training.objective import Objective

KINDS = ["insulator", "metal", "semiconductor"]
LABELS = [KINDS[number] for number in (2, 0, 1, 1, 0, 2, 0, 1, 2, 0)]
THREE = TABLE.assign(target=LABELS)
TWO = TABLE.assign(target=[0.0, 1.0] * 5)
LONGER = FAST.with_changes(epochs=40, batch_size=10, precision="float32")


@pytest.fixture(scope="module")
def three() -> CompositionRegressor:
    return regressor(classification=True).fit(THREE, val=THREE)


class TestLabels:
    @pytest.mark.parametrize(
        ("labels", "classes"),
        [
            (LABELS, KINDS),
            (np.array(LABELS), KINDS),
            (pd.Series(LABELS, dtype="category"), KINDS),
            (pd.Series(LABELS, dtype="string"), KINDS),
            ([3, -1, 7, 7, 3, -1, 3, 3, 3, 3], [-1, 3, 7]),
            (np.array([2, 1] * 5, dtype=np.int8), [1, 2]),
            (pd.array([2, 1] * 5, dtype="Int64"), [1, 2]),
            ([1.0, 2.0] * 5, [1.0, 2.0]),
            ([True, False] * 5, [False, True]),
            (np.array([True, False] * 5), [False, True]),
            (["yes", "no"] * 5, ["no", "yes"]),
            (torch.arange(10) % 4, [0, 1, 2, 3]),
            ([1] * 10, [0, 1]),
        ],
    )
    def test_classes_are_the_labels_sorted_and_predictions_are_labels(self, labels, classes):
        fitted = regressor(classification=True, recipe=BRIEF.with_changes(epochs=1)).fit(FORMULAS, labels)
        assert fitted.classes_.tolist() == classes
        assert [type(label) for label in fitted.classes_.tolist()] == [type(label) for label in classes]
        assert fitted.predict_proba(FORMULAS).shape == (10, len(classes))
        predicted = fitted.predict(FORMULAS)
        assert predicted.dtype == fitted.classes_.dtype
        assert set(predicted.tolist()) <= set(classes)
        assert fitted.predict([]).shape == (0,)
        assert fitted.predict_proba([]).shape == (0, len(classes))

    def test_they_are_a_column_of_a_table_or_a_file(self, three, tmp_path):
        named = THREE.rename(columns={"target": "kind"})
        named.to_csv(tmp_path / "my.csv", index=False)
        for X in (named, tmp_path / "my.csv"):
            found = regressor(classification=True).fit(X, "kind", val=X)
            np.testing.assert_array_equal(found.predict_proba(FORMULAS), three.predict_proba(FORMULAS))
            assert found.score(X, "kind") == three.score(THREE) == np.mean(three.predict(FORMULAS) == LABELS)

    def test_a_score_counts_the_labels_that_are_known_also_written_as_text(self, three, tmp_path):
        known = [label if number % 2 else None for number, label in enumerate(LABELS)]
        assert three.score(FORMULAS, known) == three.score(FORMULAS[1::2], LABELS[1::2])
        numbers = regressor(classification=True).fit(FORMULAS, [3, 5, 7, 3, 5, 7, 3, 5, 7, 3])
        gaps = pd.DataFrame({"formula": FORMULAS, "target": ["3", "", "7", *[""] * 7]})
        assert numbers.score(gaps) == numbers.score(["NaCl", "SrTiO3"], [3, 7])

    @pytest.mark.parametrize(
        ("labels", "said"),
        [
            ([0.5, *[1] * 9], r"1 targets .* not classes: text, whole numbers or booleans: row 0 \(NaCl\): 0\.5"),
            ([None, *[1] * 9], r"1 targets .* not classes: .* row 0 \(NaCl\): nan"),
            (["", *LABELS[1:]], r"1 targets .* not classes: .* row 0 \(NaCl\): ''"),
            ([("a", 1), *LABELS[1:]], "rows of targets of the training data have different lengths"),
            ([1, *LABELS[1:]], "mix text, such as 'insulator', and numbers, such as 1; the classes of one property"),
            (["metal"] * 10, "all targets of the training data are the class 'metal'; give two classes or more"),
            ([7] * 10, "all targets of the training data are the class 7; give two classes or more"),
            (LABELS[:9], "10 formulas but 9 targets"),
            ("metal", "targets of the training data are a str; give a list"),
        ],
    )
    def test_what_is_no_label_is_told(self, labels, said):
        with pytest.raises(BadTrainingData, match=said) as error:
            regressor(classification=True).fit(FORMULAS, labels)
        assert len(str(error.value).splitlines()) == 1

    def test_a_label_that_training_never_had_is_named(self, three):
        other = THREE.assign(target=["glass", *LABELS[1:]])
        said = (
            r"1 targets of the {} data are not among the classes 'insulator', 'metal', 'semiconductor': row 0 \(NaCl\)"
        )
        with pytest.raises(BadTrainingData, match=said.format("validation")):
            regressor(classification=True).fit(THREE, val=other)
        with pytest.raises(BadTrainingData, match=said.format("scored") + ": 'glass'"):
            three.score(other)


class TestTwoClasses:
    def test_any_two_labels_train_as_0_and_1_do(self):
        expected = regressor(classification=True).fit(TWO, val=TWO)
        for pair in ([0, 1], [False, True], ["no", "yes"], [-5, 8]):
            table = TABLE.assign(target=pair * 5)
            found = regressor(classification=True).fit(table, val=table)
            np.testing.assert_array_equal(found.predict_proba(FORMULAS), expected.predict_proba(FORMULAS))
            labels = np.array(pair)[expected.predict(FORMULAS).astype(int)]
            np.testing.assert_array_equal(found.predict(FORMULAS), labels)
            assert found.history_.epochs[-1].val_error == expected.history_.epochs[-1].val_error

    def test_floats_0_and_1_come_back_as_such(self):
        fitted = regressor(classification=True).fit(TWO)
        assert fitted.classes_.dtype == fitted.predict(FORMULAS).dtype == float
        positive = fitted.predict_proba(FORMULAS)[:, 1]
        np.testing.assert_array_equal(fitted.predict(FORMULAS), (positive >= 0.5).astype(float))

    def test_a_file_of_an_older_version_has_the_classes_0_and_1(self, tmp_path):
        fitted = regressor(classification=True).fit(TWO)
        path = fitted.save(tmp_path / "model.safetensors")
        description, networks, _ = saved_model.read(path)
        del description["classes"]
        saved_model.write(path, description, networks)
        loaded = CompositionRegressor.load(path)
        assert loaded.classes_.tolist() == [0.0, 1.0]
        np.testing.assert_array_equal(loaded.predict(FORMULAS), fitted.predict(FORMULAS))
        assert loaded.score(TWO) == fitted.score(TWO)


class TestMoreClasses:
    def test_the_loss_is_the_cross_entropy_of_the_softmax(self):
        output = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 3, 2)))
        target = np.array([2.0, 0, 1, 1])
        plan = Plan(FAST, Layout("exact", 5), Scaling(0.0, 1.0), choose("cpu"), 0, classification=True)
        objective = Objective.of(plan, target)
        powers = np.exp(output[..., 0].numpy())
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        expected = -np.log(probabilities[np.arange(4), target.astype(int)])
        for weights in (None, np.array([1.0, 3, 0, 2])):
            of_rows = None if weights is None else torch.from_numpy(weights / weights.mean())
            loss, _ = objective.loss_and_error(output, torch.from_numpy(target), of_rows)
            assert loss.item() == pytest.approx(np.average(expected, weights=weights))
            error = objective.val_error(output.numpy(), target, weights)
            assert error == pytest.approx(np.average(expected, weights=weights))

    def test_probabilities_are_the_softmax_of_the_logits_and_the_likeliest_class_is_predicted(self, three):
        compositions = three.layout_.ordered(parse(FORMULAS))
        logits = outputs(three.network_, compositions, three.layout_, three.compute_)[..., 0]
        found = three.predict_proba(FORMULAS)
        np.testing.assert_allclose(found, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), rtol=1e-9)
        np.testing.assert_array_equal(three.predict(FORMULAS), np.array(KINDS)[found.argmax(axis=1)])
        error = log_loss(LABELS, found, labels=KINDS)
        assert three.history_.epochs[-1].val_error == pytest.approx(error, rel=1e-5)
        with pytest.raises(ValueError, match="no standard deviation"):
            three.predict(FORMULAS, return_std=True)

    @pytest.mark.parametrize("setting", ["exact", "published"])
    def test_they_are_learnt(self, setting):
        fitted = regressor(classification=True, recipe=LONGER, model="DCNN", setting=setting).fit(THREE)
        assert fitted.score(THREE) == 1.0

    def test_a_recipe_that_needs_validation_data_holds_some_out(self):
        recipe = PAPER.with_changes(epochs=2, half_cycle=1)
        fitted = regressor(classification=True, recipe=recipe, setting="published").fit(THREE)
        assert (fitted.n_train_, fitted.n_val_, len(fitted.classes_)) == (9, 1, 3)

    def test_an_ensemble_has_the_mean_probabilities_of_its_members(self):
        members = [regressor(classification=True, seed=seed).fit(THREE).predict_proba(FORMULAS) for seed in (0, 1)]
        both = regressor(classification=True, n_members=2).fit(THREE)
        np.testing.assert_allclose(both.predict_proba(FORMULAS), np.mean(members, axis=0), rtol=1e-12)

    def test_a_saved_model_keeps_its_labels(self, three, tmp_path):
        ensemble = regressor(classification=True, n_members=2).fit(FORMULAS, [5, 3, 4, 5, 3, 4, 5, 3, 4, 5])
        for model in (three, ensemble):
            loaded = CompositionRegressor.load(model.save(tmp_path / "model.safetensors"))
            np.testing.assert_array_equal(loaded.classes_, model.classes_)
            assert loaded.classes_.dtype == model.classes_.dtype
            np.testing.assert_array_equal(loaded.predict_proba(FORMULAS), model.predict_proba(FORMULAS))
            np.testing.assert_array_equal(loaded.predict(FORMULAS), model.predict(FORMULAS))

    def test_the_file_of_a_regression_says_nothing_of_classes(self, tmp_path):
        path = regressor().fit(TABLE).save(tmp_path / "model.safetensors")
        with safe_open(path, framework="pt") as file:
            assert "classes" not in json.loads(file.metadata()["CompositionRegressor"])
        assert CompositionRegressor.load(path).classes_ is None


class TestFineTuning:
    NOTHING = BRIEF.with_changes(epochs=1, lr_max=1e-30, weight_decay=0.0, ema_decay=0.0)

    def test_it_goes_on_from_a_model_of_the_same_classes(self, three):
        tuned = regressor(classification=True, recipe=self.NOTHING).fit(THREE, init=three)
        np.testing.assert_allclose(tuned.predict_proba(FORMULAS), three.predict_proba(FORMULAS), rtol=1e-5)

    def test_other_classes_are_refused_with_both_named(self, three):
        said = "init has the classes 'insulator', 'metal', 'semiconductor', and this model "
        with pytest.raises(BadTrainingData, match=f"{said}the classes 0, 1"):
            regressor(classification=True).fit(TABLE.assign(target=[0, 1] * 5), init=three)
        with pytest.raises(BadTrainingData, match=f"{said}no classes"):
            regressor().fit(TABLE, init=three)
        with pytest.raises(BadTrainingData, match="init has no classes, and this model the classes 'insulator'"):
            regressor(classification=True).fit(THREE, init=regressor().fit(TABLE))

    def test_two_classes_may_start_from_a_regression(self):
        start = regressor().fit(TABLE)
        assert regressor(classification=True).fit(TWO, init=start).classes_.tolist() == [0.0, 1.0]


class TestDuplicates:
    def merged(self, formulas, labels, weights=None):
        return training_and_validation(formulas, labels, None, True, None, weights)[0]

    def test_two_classes_become_the_share_of_the_second(self):
        formulas, labels = ["AlN", "Cu", "AlN", "AlN", "Cu"], ["yes", "no", "no", "yes", "no"]
        assert self.merged(formulas, labels).targets.tolist() == pytest.approx([2 / 3, 0.0])
        assert self.merged(formulas, labels, [1, 1, 2, 1, 1]).targets.tolist() == pytest.approx([0.5, 0.0])

    def test_of_more_classes_the_most_frequent_counts_and_the_first_of_equals(self):
        formulas = ["AlN", "Cu", "AlN", "AlN", "Cu", "ZnS"]
        labels = ["c", "b", "a", "c", "a", "b"]
        found = self.merged(formulas, labels)
        assert (found.targets.tolist(), found.weights) == ([2.0, 0.0, 1.0], None)
        weighted = self.merged(formulas, labels, [1, 2, 3, 1, 1, 1])
        assert weighted.targets.tolist() == [0.0, 1.0, 1.0]
        assert weighted.weights.tolist() == [5.0, 3.0, 1.0]

    def test_the_warning_says_what_becomes_of_them(self):
        head = "4 rows of the training data share 2 formulas: each formula becomes one compound with "
        tail = "; 1 of them has rows of different classes ('AlN' in row 0, row 2: {}; 'Cu' in row 1, row 3: {})"
        (said,) = heard(lambda: self.merged(["AlN", "Cu"] * 2, ["no", "no", "yes", "no"]))
        assert said == f"{head}the share of class 'yes' among its rows as target" + tail.format("'no', 'yes'", "'no'")
        table = ["AlN", "Cu", "AlN", "Cu", "ZnS"], [3, 4, 5, 4, 4]
        (said,) = heard(lambda: self.merged(*table))
        assert said == f"{head}its most frequent class" + tail.format("3, 5", "4")
        (said,) = heard(lambda: self.merged(*table, [1, 2, 3, 4, 5]))
        assert said.startswith(f"{head}its heaviest class; ")

    @pytest.mark.filterwarnings("ignore:.*share:lgdcnn_core.training.DataWarning")
    def test_shares_are_validated_by_their_cross_entropy(self):
        target, logits = np.array([1.0, 0.25]), np.array([0.3, -1.2])
        plan = Plan(FAST, Layout("exact", 5), Scaling(0.0, 1.0), choose("cpu"), 0, classification=True)
        objective = Objective.of(plan, target)
        positive = 1 / (1 + np.exp(-logits))
        expected = -(target * np.log(positive) + (1 - target) * np.log(1 - positive))
        result = np.stack([logits, logits], axis=1)
        assert objective.val_error(result, target) == pytest.approx(expected.mean())
        weights = np.array([3.0, 1.0])
        assert objective.val_error(result, target, weights) == pytest.approx(np.average(expected, weights=weights))
        twice = pd.concat([TWO, TWO.assign(target=1 - TWO["target"])])
        recipe = PAPER.with_changes(epochs=1)
        fitted = regressor(classification=True, recipe=recipe, setting="published").fit(twice)
        assert np.isfinite(fitted.history_.epochs[0].val_error)
