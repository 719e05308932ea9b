"""What a user is told of columns that are not used, doubtful formulas and a checkpoint that cannot be."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from compounds import FORMULAS
from heard import heard
from small_regressor import TABLE, regressor
from test_regressor import TestSeveralProperties as Several

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.composition import parse
from lgdcnn_core.training import BadTrainingData

NAMED = TABLE.rename(columns={"target": "Egap"})
WIDER = NAMED.assign(T=300, p=1.5, phase="bcc", known=True)


@pytest.fixture(scope="module")
def fitted() -> CompositionRegressor:
    return regressor().fit(NAMED, "Egap")


class TestUnusedColumns:
    def test_score_names_all_of_them_as_fit_does(self, fitted):
        four = "4 columns that are not used: 'T', 'p', 'phase', 'known'"
        assert heard(lambda: regressor().fit(WIDER, "Egap")) == [f"the table of training data has {four}"]
        assert heard(lambda: fitted.score(WIDER, "Egap")) == [f"the table of scored data has {four}"]

    def test_predict_names_those_that_could_be_meant_as_conditions(self, fitted, tmp_path):
        WIDER.to_csv(tmp_path / "my.csv", index=False)
        expected = ["the table of given data has 2 columns that are not used: 'T', 'p'"]
        for X in (WIDER, tmp_path / "my.csv"):
            assert heard(lambda X=X: fitted.predict(X)) == expected
            assert heard(lambda X=X: fitted.predict(X, return_std=True)) == expected
        assert heard(lambda: fitted.predict(NAMED.assign(phase="bcc", known=True))) == []
        classifier = regressor(classification=True).fit(TABLE.assign(target=[0, 1] * 5))
        assert heard(lambda: classifier.predict(WIDER[["formula", "T"]])) == [
            "the table of given data has a column that is not used: 'T'"
        ]

    def test_the_targets_of_a_model_pass_also_in_a_loaded_one(self, fitted, tmp_path):
        both = regressor().fit(FORMULAS, Several.TARGETS)
        for model, columns in ((fitted, NAMED), (both, Several.TARGETS)):
            for one in (model, CompositionRegressor.load(model.save(tmp_path / "model.safetensors"))):
                table = columns.assign(formula=FORMULAS, target=1.0)
                assert heard(lambda one=one, table=table: one.predict(table)) == []
                (said,) = heard(lambda one=one, table=table: one.predict(table.assign(T=300)))
                assert said.endswith("has a column that is not used: 'T'")
        assert (fitted.target_, both.target_) == ("Egap", None)
        plain, listed = regressor().fit(TABLE), regressor().fit(FORMULAS, list(TABLE["target"]))
        files = [one.save(tmp_path / "same", training=False).read_bytes() for one in (plain, listed)]
        assert files[0] == files[1]


class TestDoubtfulFormulas:
    DOUBTFUL = pd.Series(["NaCl", "CuSO4.5H2O", "CaCl2.6H2O"], index=["a", "b", 2])

    @staticmethod
    def doubts(call) -> str:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        return next(str(each.message) for each in caught if "CuSO4" in str(each.message))

    def test_rows_are_named_by_index_label_where_there_is_one(self, fitted):
        expected = "row 1 (index 'b'): 'CuSO4.5H2O'; row 2: 'CaCl2.6H2O'"
        table = pd.DataFrame({"formula": self.DOUBTFUL, "target": [1.0, 2, 3]})
        targets = pd.Series([1.0, 2, 3], index=self.DOUBTFUL.index)
        for call in (
            lambda: parse(self.DOUBTFUL),
            lambda: parse(list(self.DOUBTFUL), labels=self.DOUBTFUL.index),
            lambda: fitted.predict(self.DOUBTFUL),
            lambda: fitted.score(table),
            lambda: regressor().fit(table),
            lambda: regressor().fit(list(self.DOUBTFUL), targets),
        ):
            assert expected in self.doubts(call)

    def test_rows_without_labels_are_named_by_position(self, fitted):
        for call in (lambda: parse(list(self.DOUBTFUL)), lambda: fitted.predict(list(self.DOUBTFUL))):
            assert "row 1: 'CuSO4.5H2O'; row 2: 'CaCl2.6H2O'" in self.doubts(call)


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_checkpoint_that_is_no_file_is_told_before_the_training(n_members, tmp_path, monkeypatch):
    monkeypatch.setattr("lgdcnn_core.regressor.estimator.train", None)
    estimator = regressor(n_members=n_members)
    for wrong in (7, True, b"run.pt", ["run.pt"], np.float64(1)):
        with pytest.raises(BadTrainingData, match=r"^checkpoint is .*; give the path of a file$"):
            estimator.fit(TABLE, checkpoint=wrong)
    for directory in (tmp_path, str(tmp_path)):
        with pytest.raises(
            IsADirectoryError, match=f"checkpoint is a directory; give the path of a file: '{tmp_path}'"
        ):
            estimator.fit(TABLE, checkpoint=directory)
    assert list(Path(tmp_path).iterdir()) == []
