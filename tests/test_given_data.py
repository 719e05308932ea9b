"""Data as users give them to the regressor: arguments of every kind, bad tables, nothing dropped in silence."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from compounds import FORMULAS
from small_regressor import TABLE, regressor

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.composition import InvalidFormulas
from lgdcnn_core.training import BadTrainingData, DataWarning, UnknownElements, merging_expected


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
