"""The regressor: what scikit-learn and a user with a csv of their own hold it to."""

import errno
import json
import pickle
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from compounds import FORMULAS
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn import __version__ as sklearn_version
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.fixes import parse_version

from lgdcnn_core import CompositionRegressor, __version__, cecv
from lgdcnn_core.composition import InvalidFormulas
from lgdcnn_core.models.published import to_published
from lgdcnn_core.regressor import NotASavedModel, saved_model
from lgdcnn_core.training import FAST, BadTrainingData, DataWarning, UnknownElements, merging_expected

TABLE = pd.DataFrame({"formula": FORMULAS, "target": np.linspace(10, 100, 10)})
BRIEF = FAST.with_changes(epochs=2, batch_size=4, precision="float32")


def regressor(**parameters) -> CompositionRegressor:
    return CompositionRegressor(**({"model": "LSTM", "recipe": BRIEF, "progress": False} | parameters))


@pytest.fixture(scope="module")
def fitted() -> CompositionRegressor:
    return regressor().fit(TABLE, val=TABLE)


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


class TestArgumentsOfEveryKind:
    """Where the meaning is plain, an argument works; else the error says what was given and what is wanted."""

    NAMED = TABLE.rename(columns={"target": "Egap"}).assign(mass=np.linspace(5, 1, 10))

    @pytest.fixture
    def file(self, tmp_path) -> str:
        self.NAMED.to_csv(tmp_path / "my.csv", index=False)
        return str(tmp_path / "my.csv")

    @pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")  # of the column that is not used
    def test_targets_are_a_column_that_is_named(self, fitted, file):
        expected = fitted.predict(FORMULAS)
        for X, y, val in [
            (self.NAMED, "Egap", self.NAMED),
            (self.NAMED, ["Egap"], (FORMULAS, TABLE["target"])),
            (file, "Egap", file),
            (Path(file), "Egap", (self.NAMED, "Egap")),
            (self.NAMED, "Egap", [file, "Egap"]),
        ]:
            found = regressor().fit(X, y, val=val)
            assert found.properties_ is None
            np.testing.assert_array_equal(found.predict(FORMULAS), expected)
        assert fitted.score(file, "Egap") == fitted.score(self.NAMED, "Egap") == fitted.score(TABLE)
        np.testing.assert_array_equal(fitted.predict(file), expected)

    def test_several_properties_are_columns_that_are_named(self, file):
        names = ["mass", "Egap"]
        expected = regressor().fit(FORMULAS, self.NAMED[names], val=(FORMULAS, self.NAMED[names]))
        for X in (self.NAMED, file):
            found = regressor().fit(X, names, val=X)
            assert found.properties_ == ("mass", "Egap")
            np.testing.assert_array_equal(found.predict(FORMULAS), expected.predict(FORMULAS))
            assert found.score(X, names) == expected.score(FORMULAS, self.NAMED[names])
        rows = self.NAMED[names].to_numpy().tolist()
        found = regressor().fit(FORMULAS, rows, val=(FORMULAS, rows))
        np.testing.assert_array_equal(found.predict(FORMULAS), expected.predict(FORMULAS))

    def test_a_csv_file_is_read_whole_with_sodium_nitride_and_gaps_in_its_targets(self, fitted, tmp_path):
        TABLE.to_csv(tmp_path / "my.csv", index=False)
        found = regressor().fit(str(tmp_path / "my.csv"), val=tmp_path / "my.csv")
        np.testing.assert_array_equal(found.predict(FORMULAS), fitted.predict(FORMULAS))
        gaps = TABLE.assign(target=TABLE["target"].where(TABLE.index % 2 == 0))
        gaps.to_csv(tmp_path / "gaps.csv", index=False)
        expected = fitted.score(TABLE[::2])
        as_told = pd.read_csv(tmp_path / "gaps.csv", keep_default_na=False)
        for X in (gaps, tmp_path / "gaps.csv", as_told, gaps.astype({"target": object}).fillna({"target": "  "})):
            # Products round differently in batches of 5 and of 10.
            assert fitted.score(X) == pytest.approx(expected, rel=1e-5)
        with pytest.raises(BadTrainingData, match=r"5 targets .* not finite numbers: row 1 \(Fe2O3\): nan"):
            regressor().fit(tmp_path / "gaps.csv")

    @pytest.mark.parametrize(
        ("X", "y", "options", "said"),
        [
            (NAMED, "gap", {}, "no column 'gap'; its columns are formula, Egap, mass"),
            (NAMED, ["mass", "gap"], {}, "no column 'gap'; its columns are formula, Egap, mass"),
            (NAMED, "Egap", {"val": TABLE}, "no column 'Egap'; its columns are formula, target"),
            (TABLE, None, {"val": 0.1}, r"val is 0\.1; give a table, the path of a file, or a pair"),
            (TABLE, None, {"val": FORMULAS}, r"val is \['NaCl', .*; give a table"),
            (TABLE, None, {"init": 7}, "init is 7; give a CompositionRegressor or the path of a saved model"),
        ],
    )
    def test_an_argument_that_cannot_be_meant_says_what_is_wanted(self, X, y, options, said):
        with pytest.raises(BadTrainingData, match=said):
            regressor().fit(X, y, **options)

    def test_a_file_that_is_missing_or_no_table_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no table at .*mine\.csv"):
            regressor().fit(tmp_path / "mine.csv")
        (tmp_path / "mine.csv").write_bytes(b"")
        with pytest.raises(BadTrainingData, match=r"mine\.csv: it is empty"):
            regressor().fit(tmp_path / "mine.csv")
        (tmp_path / "mine.json").write_bytes(b"{}")
        with pytest.raises(BadTrainingData, match=r"mine\.json is none of .*: read it with pandas, and give the table"):
            regressor().fit(tmp_path / "mine.json")

    def test_what_was_assumed_about_a_file_is_said(self, tmp_path):
        rows = "".join(f"{formula};{number},5\n" for number, formula in enumerate(FORMULAS))
        (tmp_path / "mine.csv").write_text(f"Composition;target\n{rows}")
        with pytest.warns(
            DataWarning, match=r"mine\.csv: fields are separated by semicolons; .*'Composition'; .*commas"
        ):
            found = regressor().fit(tmp_path / "mine.csv")
        assert 1 < found.scaling_.mean < len(FORMULAS)
        with pytest.raises(TypeError, match="formulas is a single string; wrap it in a list"):
            regressor().fit("CuSO4.5H2O", [1])

    def test_paths_are_text_or_path_everywhere(self, fitted, tmp_path):
        for kind in (str, Path):
            saved, checkpoint = kind(tmp_path / "model.safetensors"), kind(tmp_path / f"{kind.__name__}.pt")
            assert fitted.save(saved) == tmp_path / "model.safetensors"
            tuned = regressor().fit(TABLE, init=saved, checkpoint=checkpoint)
            assert Path(checkpoint).exists()
            assert tuned.predict(TABLE).shape == CompositionRegressor.load(saved).predict(TABLE).shape


class TestNothingIsDroppedInSilence:
    """Each warning counts its cases and names the first ones, by position and, where it differs, by index label."""

    LABELLED = TABLE.set_axis(list("abcdefghij"))

    @staticmethod
    def said(call) -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert {(each.category, each.filename) for each in caught} <= {(DataWarning, __file__)}
        return [str(each.message) for each in caught]

    def test_columns_that_are_not_used(self):
        table = TABLE.assign(T=300, phase="bcc")
        expected = "the table of training data has 2 columns that are not used: 'T', 'phase'"
        assert self.said(lambda: regressor().fit(table, val=table)) == [expected]
        only = "the table of validation data has a column that is not used: 'phase'"
        assert self.said(lambda: regressor().fit(TABLE.assign(T=300), val=table))[1:] == [only]

    def test_rows_that_are_merged_with_how_far_their_targets_differ(self):
        formulas, targets = ["AlN", "NaCl", "AlN", "Cu", "NaCl", "AlN"], [30.1, 5, 51.8, 7, 5, 40]
        expected = (
            "5 rows of the training data share 2 formulas: each formula becomes one compound with its mean target; the "
            "targets of a formula differ by up to 21.7 ('AlN' in row 0, row 2, row 5: 30.1 to 51.8; 'NaCl' in row 1, "
            "row 4: 5 to 5)"
        )
        assert self.said(lambda: regressor().fit(formulas, targets)) == [expected]
        table = pd.DataFrame({"formula": formulas, "target": targets}, index=[0, 11, 12, 13, 14, "x"])
        (labelled,) = self.said(lambda: regressor().fit(table))
        assert "'AlN' in row 0, row 2 (index 12), row 5 (index 'x'): 30.1 to" in labelled
        (equal,) = self.said(lambda: regressor().fit(["AlN", "Cu", "AlN"], [1, 2, 1]))
        assert "share 1 formula: " in equal
        assert "the targets of a formula are equal ('AlN' in row 0, row 2: 1 to 1)" in equal

    def test_runs_whose_record_counts_merged_rows_say_nothing(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with merging_expected():
                fitted = regressor().fit(["AlN", "Cu", "AlN"], [1, 2, 3])
        assert fitted.n_train_ == 2
        with merging_expected():
            assert len(self.said(lambda: regressor().fit(TABLE.assign(T=300)))) == 1

    def test_many_merged_rows_are_counted(self):
        (said,) = self.said(lambda: regressor().fit([*FORMULAS * 7], [*range(70)]))
        assert said.startswith("70 rows of the training data share 10 formulas")
        assert "'NaCl' in row 0, row 10, row 20, row 30, row 40, and 2 more: 0 to 60; " in said
        assert said.endswith("; and 5 more)")

    def test_rows_that_are_merged_where_several_properties_are_known(self):
        targets = pd.DataFrame({"gap": [1, np.nan, 2, 2], "mass": [np.nan, 5, 8, 9]})
        (said,) = self.said(lambda: regressor().fit(["AlN", "Cu", "AlN", "Cu"], targets))
        assert "4 rows of the training data share 2 formulas" in said
        assert "differ by up to 1 (gap), 4 (mass) ('AlN' in row 0, row 2; 'Cu' in row 1, row 3)" in said

    def test_elements_that_training_never_saw(self, fitted):
        assert fitted.elements_seen_ == tuple(sorted(fitted.elements_seen_))
        assert {"Na", "Zn", "Sn"} <= set(fitted.elements_seen_)
        given = pd.Series(["AuCl3", "NaCl", "PtAu"], index=[0, 1, "x"])
        expected = (
            "2 of 3 compounds have elements that training never saw: Au, Pt (row 0: 'AuCl3'; row 2 (index 'x'): 'PtAu')"
        )
        for call in (
            fitted.predict,
            lambda X: fitted.predict(X, return_std=True),
            lambda X: fitted.score(X, [1, 2, 3]),
        ):
            assert self.said(lambda call=call: call(given)) == [expected]
        assert self.said(lambda: fitted.predict(FORMULAS)) == []
        assert self.said(lambda: fitted.predict([])) == []

    def test_elements_that_the_start_of_a_fine_tuning_saw_count(self, fitted):
        tuned = regressor().fit(["AuCl", "NaCl"], [1, 2], init=fitted)
        assert set(tuned.elements_seen_) == {*fitted.elements_seen_, "Au"}
        assert self.said(lambda: tuned.predict(FORMULAS)) == []
        assert regressor().fit(["AuCl", "NaCl"], [1, 2]).elements_seen_ == ("Au", "Cl", "Na")

    def test_compounds_that_the_padded_setting_cuts_off_once_for_all_members(self):
        short = self.LABELLED.iloc[[0, 1, 3]]
        expected = (
            "compounds have more than 2 elements, the most in the training data: the padded setting cuts off the rest; "
            "the exact setting does not (row 2 (index 'c'): 'SrTiO3'; row 4 (index 'e'): 'Li3Fe2(PO4)3'; "
        )
        fit = regressor(setting="published", n_members=2).fit
        (said,) = self.said(lambda: fit(short, val=self.LABELLED))
        assert said.startswith(f"5 of 10 {expected}")
        fitted = regressor(setting="published").fit(short)
        assert f"5 of 10 {expected}" in self.said(lambda: fitted.predict(self.LABELLED))[1]

    def test_a_table_that_is_used_whole_says_nothing(self, fitted):
        assert self.said(lambda: regressor().fit(self.LABELLED.rename_axis("id"), val=TABLE)) == []
        assert self.said(lambda: regressor().fit(TABLE.assign(Egap=1.0), TABLE["target"].rename("Egap"))) == []
        assert self.said(lambda: fitted.score(TABLE)) == self.said(lambda: fitted.predict(TABLE)) == []


def test_score_is_r2(fitted):
    targets = TABLE["target"].to_numpy()
    residuals = targets - fitted.predict(TABLE)
    assert fitted.score(TABLE) == pytest.approx(1 - (residuals**2).sum() / ((targets - targets.mean()) ** 2).sum())


def test_the_paper_recipe_holds_validation_data_out_if_none_are_given():
    from lgdcnn_core.training import PAPER

    fitted = regressor(recipe=PAPER.with_changes(epochs=1), setting="published").fit(TABLE)
    assert (fitted.n_train_, fitted.n_val_) == (9, 1)


@pytest.mark.parametrize("setting", ["exact", "published"])
@pytest.mark.parametrize("model", ["L-G-DCNN", "CrabNet"])
def test_a_saved_model_needs_nothing_else_and_predicts_the_same_bits(tmp_path, model, setting, monkeypatch):
    fitted = regressor(model=model, setting=setting, recipe=BRIEF.with_changes(epochs=1)).fit(TABLE)
    path = fitted.save(tmp_path / "model.safetensors")
    monkeypatch.setattr("lgdcnn_core.elements.table", None)  # no element table is looked up
    loaded = CompositionRegressor.load(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
    for found, expected in zip(
        loaded.predict(FORMULAS, return_std=True), fitted.predict(FORMULAS, return_std=True), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert loaded.get_params()["model"] == model
    assert loaded.layout_ == fitted.layout_


def test_equal_models_are_equal_files(fitted, tmp_path):
    copies = [CompositionRegressor.load(fitted.save(tmp_path / "first.safetensors")) for _ in range(4)]
    files = [copy.save(tmp_path / f"{number}.safetensors").read_bytes() for number, copy in enumerate(copies)]
    assert len({*files, fitted.save(tmp_path / "again.safetensors").read_bytes()}) == 1


def changed(content: bytes, how: str) -> bytes:
    size = int.from_bytes(content[:8], "little")
    if how == "weights":
        return content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]
    if how == "description":
        return content.replace(b'mean\\": 55.0', b'mean\\": 65.0', 1)
    return content[: (8 + size) // 2] if how == "cut in the header" else content[: (8 + size + len(content)) // 2]


@pytest.mark.parametrize("how", ["weights", "description", "cut in the header", "cut in the weights"])
def test_a_saved_model_that_was_damaged_is_refused(fitted, tmp_path, how):
    path = fitted.save(tmp_path / "model.safetensors")
    content = path.read_bytes()
    path.write_bytes(changed(content, how))
    assert path.read_bytes() != content
    with pytest.raises(NotASavedModel, match=r"model\.safetensors"):
        CompositionRegressor.load(path)


def test_a_model_that_another_version_saved_without_a_hash_is_read(fitted, tmp_path):
    path = fitted.save(tmp_path / "model.safetensors")
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        description = json.loads(file.metadata()["CompositionRegressor"])
    assert len(description.pop("sha256")) == 64
    save_file(tensors, path, {"CompositionRegressor": json.dumps(description)})
    np.testing.assert_array_equal(CompositionRegressor.load(path).predict(FORMULAS), fitted.predict(FORMULAS))


KEPT = ["history_", "histories_", "n_train_", "n_val_", "elements_seen_", "provenance_"]


def test_a_loaded_model_knows_its_training(fitted, tmp_path):
    pair = regressor(n_members=2).fit(TABLE[:8], val=TABLE)
    for model in (fitted, pair):
        loaded = CompositionRegressor.load(model.save(tmp_path / "model.safetensors"))
        assert {name: getattr(loaded, name) for name in KEPT} == {name: getattr(model, name) for name in KEPT}
        assert loaded.history_.seconds > 0
        assert loaded.provenance_["lgdcnn_core"] == __version__
        assert abs(datetime.now(UTC) - datetime.fromisoformat(loaded.provenance_["trained"])) < timedelta(hours=2)
    assert (loaded.n_train_, loaded.n_val_, len(loaded.histories_)) == (8, 10, 2)
    assert "Zn" not in loaded.elements_seen_
    with pytest.warns(
        DataWarning, match=r"2 of 10 compounds have elements that training never saw: Al, S, Si, Zn \(row 8"
    ):
        loaded.predict(FORMULAS)


def test_equal_trainings_are_equal_files_without_their_times(tmp_path):
    files = [regressor().fit(TABLE).save(tmp_path / name, training=False).read_bytes() for name in "ab"]
    loaded = CompositionRegressor.load(tmp_path / "a")
    assert (loaded.n_train_, "Zn" in loaded.elements_seen_, hasattr(loaded, "history_")) == (len(TABLE), True, False)
    assert files[0] == files[1]


def test_a_file_of_an_older_version_says_that_it_does_not_know(fitted, tmp_path):
    path = fitted.save(tmp_path / "model.safetensors")
    description, networks, _ = saved_model.read(path)
    del description["training"]
    saved_model.write(path, description, networks)
    loaded = CompositionRegressor.load(path)
    np.testing.assert_array_equal(loaded.predict(["AuCl", *FORMULAS])[1:], fitted.predict(FORMULAS))
    for name in KEPT:
        with pytest.raises(AttributeError, match=f"{name} of this model is not known: an older version"):
            getattr(loaded, name)
    again = CompositionRegressor.load(loaded.save(path))
    assert not hasattr(again, "history_")
    assert again.fit(TABLE).history_.epochs  # a training of its own
    with pytest.raises(AttributeError, match="no attribute 'colour_'"):
        again.colour_  # noqa: B018


@pytest.mark.parametrize(
    "edit",
    [
        {"training": {"histories_": [{"epochs": {}}]}},
        {"layout": {"setting": "other", "n_max": 3}},
        {"scaling": {}},
        {"parameters": {"recipe": {"epochs": 1}}},
    ],
)
def test_a_model_that_this_version_cannot_use_says_which_saved_it(fitted, tmp_path, edit):
    path = fitted.save(tmp_path / "model.safetensors")
    description, networks, _ = saved_model.read(path)
    later = description | edit | {"lgdcnn_core": "9.9"}
    later["parameters"] = description["parameters"] | edit.get("parameters", {})
    saved_model.write(path, later, networks)
    with pytest.raises(NotASavedModel, match=r"saved by lgdcnn_core 9\.9; this version, .* cannot use it"):
        CompositionRegressor.load(path)


def test_a_model_that_cannot_be_written_leaves_the_old_one(fitted, tmp_path, monkeypatch):
    path = fitted.save(tmp_path / "model.safetensors")
    before = path.read_bytes()

    def fail(file, content):
        file.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")  # as of a full disk, without the name of a file

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match=r"could not be written: No space left on device: .*model\.safetensors"):
        fitted.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_file_that_is_no_saved_model_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(NotASavedModel, match=r"model\.safetensors"):
        CompositionRegressor.load(tmp_path / "model.safetensors")
    with pytest.raises(FileNotFoundError, match=r"missing\.safetensors"):
        CompositionRegressor.load(tmp_path / "missing.safetensors")


def test_fine_tuning_starts_from_the_given_model(fitted, tmp_path):
    nothing = BRIEF.with_changes(epochs=1, lr_max=1e-30, weight_decay=0.0, ema_decay=0.0)
    path = fitted.save(tmp_path / "model.safetensors")
    for init in (fitted, path):
        tuned = regressor(recipe=nothing, seed=9).fit(TABLE, init=init)
        np.testing.assert_allclose(tuned.predict(FORMULAS), fitted.predict(FORMULAS), rtol=1e-5)
    fresh = regressor(recipe=nothing, seed=9).fit(TABLE)
    assert not np.allclose(fresh.predict(FORMULAS), fitted.predict(FORMULAS), rtol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"model": "DCNN"}, "network: init has 'LSTM', and this model 'DCNN'"),
        ({"elements": "onehot"}, "element table: init has 'mat2vec', and this model 'onehot'"),
        ({"elements": "random_200"}, "element table: init has 'mat2vec', and this model 'random_200'"),
        ({"setting": "published"}, "setting: init has 'exact', and this model 'published'"),
        (
            {"recipe": BRIEF.with_changes(order="amount, atomic number")},
            "order: init has 'electronegativity', and this model 'amount, atomic number'",
        ),
    ],
)
def test_fine_tuning_refuses_a_model_that_reads_compounds_in_another_way(fitted, parameters, said):
    with pytest.raises(BadTrainingData, match=f"cannot fine-tune across a change of {said}"):
        regressor(**parameters).fit(TABLE, init=fitted)


def test_fine_tuning_goes_on_from_a_published_checkpoint(fitted, tmp_path):
    scaler = {"mean": 55.0, "std": 30.0}
    content = {"weights": to_published("LSTM", fitted.network_), "scaler_state": scaler, "model_name": "LSTM"}
    torch.save(content, tmp_path / "LSTM.pth")
    published = CompositionRegressor.from_published(tmp_path / "LSTM.pth", n_max=5)
    with pytest.raises(AttributeError, match="n_train_ of this model is not known: its checkpoint"):
        _ = published.n_train_
    assert regressor(setting="published").fit(TABLE, init=published).n_train_ == 10
    with pytest.raises(BadTrainingData, match="setting: init has 'published', and this model 'exact'"):
        regressor().fit(TABLE, init=published)


def test_a_recipe_that_starts_from_another_network_asks_for_it():
    with pytest.raises(BadTrainingData, match="trained on OQMD_Formation_Enthalpy: give it as init"):
        regressor(recipe="transfer").fit(TABLE)
    with pytest.raises(BadTrainingData, match="trained on all extended sets together: give it as init"):
        regressor(recipe="joint-transfer").fit(TABLE)


def test_fine_tuning_leaves_the_given_model_as_it_was(fitted):
    before = fitted.predict(FORMULAS)
    regressor().fit(TABLE, init=fitted)
    np.testing.assert_array_equal(fitted.predict(FORMULAS), before)


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


class TestBadTables:
    @pytest.mark.parametrize(
        ("table", "message"),
        [
            (
                TABLE.rename(columns={"formula": "name"}),
                "no column 'formula'; its columns are 'name', 'target'",
            ),
            (TABLE[["formula"]], "the training data have no targets"),
            (TABLE.head(0), "the training data are empty"),
            (TABLE.assign(target=[1, np.nan, *[2] * 7, np.inf]), r"2 targets .* finite numbers: row 1 \(Fe2O3\): nan"),
            (TABLE.assign(target=["1", "2", "three", *["4"] * 7]), r"row 2 \(SrTiO3\): 'three'"),
        ],
    )
    def test_a_bad_table_is_refused_with_what_is_wrong(self, table, message):
        with pytest.raises(BadTrainingData, match=message):
            regressor().fit(table)

    @pytest.mark.parametrize(
        ("targets", "said"),
        [
            (dict.fromkeys(FORMULAS, 1.0), "are a dict; give a list"),
            (set(range(10)), "are a set; give a list"),
            ("0123456789", "are a str; give a list"),
            (pd.date_range("2024-01-01", periods=10), r"10 targets .* finite numbers: row 0 \(NaCl\): Timestamp"),
            (pd.to_timedelta(range(10), unit="D"), r"10 targets .* finite numbers: row 0 \(NaCl\): Timedelta"),
            (np.arange(10) * 1j, r"10 targets .* finite numbers: row 0 \(NaCl\): 0j"),
            ([[[1.0]]] * 10, r"10 targets .* finite numbers: row 0 \(NaCl\): \[1\.0\]"),
            ("Egap", "are a str; give a list, .* or a table with formulas and the name of its column"),
            (3, "are a int; give a list"),
            (pd.Series([1, "x", *[2] * 8], index=[0, 17, *range(8)]), r"row 1 \(index 17\) \(Fe2O3\): 'x'"),
            ([1] * 9 + ["x" * 10_000], r"row 9 \(ZnS\): 'x{79}\.\.\.$"),
        ],
    )
    def test_targets_that_are_no_column_of_numbers_are_refused(self, targets, said):
        with pytest.raises(BadTrainingData, match=said):
            regressor().fit(FORMULAS, targets)

    @pytest.mark.parametrize(
        "targets",
        [
            pd.array(range(10), dtype="Int64"),
            [*map(str, range(10))],
            iter(range(10)),
            torch.arange(10.0),
            torch.arange(10.0, requires_grad=True),
            torch.arange(10).reshape(10, 1),
            [*torch.arange(10)],
            [[value] for value in range(10)],
            np.arange(10.0).reshape(10, 1),
            pd.DataFrame({"gap": range(10)}),
        ],
    )
    def test_numbers_of_any_kind_are_targets(self, targets):
        expected = regressor().fit(FORMULAS, np.arange(10.0)).predict(FORMULAS)
        np.testing.assert_array_equal(regressor().fit(FORMULAS, targets).predict(FORMULAS), expected)

    def test_formulas_and_targets_of_different_number_are_refused(self):
        with pytest.raises(BadTrainingData, match="10 formulas but 9 targets"):
            regressor().fit(FORMULAS, range(9))

    def test_all_bad_formulas_are_listed(self, fitted):
        for call in (fitted.predict, lambda X: regressor().fit(X, range(3))):
            with pytest.raises(InvalidFormulas, match=r"row 0: 'Xx2'(.|\n)*row 2: 'Fe3\+'"):
                call(["Xx2", "NaCl", "Fe3+"])

    def test_elements_that_the_table_lacks_are_named(self):
        with pytest.raises(UnknownElements, match=r"'magpie' .* \(Og2O\)"):
            regressor(elements="magpie").fit(["NaCl", "Og2O"], [1, 2])

    def test_predicting_before_fitting_says_so(self):
        with pytest.raises(Exception, match="not fitted"):
            regressor().predict(FORMULAS)


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
    # Al2SiO5 in the order that the model reads: by amount as published, by electronegativity in our recipe.
    assert list(found.atomic_numbers[3][1]) == ([8, 13, 14] if setting == "published" else [13, 14, 8])
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
