"""What a trained model tells besides predictions: intervals, tables, distances, features, contributions."""

import numpy as np
import pandas as pd
import pytest
from compounds import FORMULAS
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.cecv import LayerError
from lgdcnn_core.composition import parse
from lgdcnn_core.regressor import NotCalibrated
from lgdcnn_core.regressor.calibration import Calibration
from lgdcnn_core.regressor.nearness import TrainingCompounds, formula_of
from lgdcnn_core.training import FAST, DataWarning, UnknownElements

pytestmark = pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")

RECIPE = FAST.with_changes(epochs=3, precision="float32")
SEVERAL = pd.DataFrame({"formula": FORMULAS, "Tc (K)": np.arange(10.0), "gap [eV]": np.arange(10.0)[::-1]})


@pytest.fixture(scope="module")
def single():
    data = SEVERAL.rename(columns={"Tc (K)": "target"})[["formula", "target"]]
    return CompositionRegressor("L-G-DCNN", RECIPE, progress=False).fit(data, val=data).calibrate(data)


@pytest.fixture(scope="module")
def several():
    names = ["Tc (K)", "gap [eV]"]
    return CompositionRegressor("LSTM", RECIPE, progress=False, n_members=2).fit(SEVERAL, names, val=SEVERAL)


def test_a_calibration_has_the_rank_of_split_conformal_prediction():
    """With 9 errors, at least 80 % of the tenth ones are within the eighth: rank ceil(10 * 0.8) = 8."""
    errors = np.array([3.0, 1.0, 2.0, 9.0, 5.0, 4.0, 8.0, 6.0, 7.0])
    found = Calibration.of(10 + 2 * errors, np.full(9, 10.0), np.full(9, 2.0))
    assert found.factor(0.8).tolist() == [8.0]
    assert found.factor(0.5).tolist() == [5.0]
    assert found.factor(0.75).tolist() == [8.0]
    assert found.factor(0.9).tolist() == [9.0]
    with pytest.raises(NotCalibrated, match=r"91 % of the values needs more than 9 compounds .* up to 90 %"):
        found.factor(0.91)
    for wrong in (0, 1, 90, -0.1):
        with pytest.raises(ValueError, match="must be a share of the values"):
            found.factor(wrong)
    assert Calibration.from_dict(found.as_dict()) == found


def test_intervals_hold_their_share_of_new_values_however_wrong_the_stated_uncertainty():
    generator = np.random.default_rng(0)
    std = generator.uniform(0.5, 2, size=40_000)
    actual = generator.laplace(scale=3 * std)
    calibration = Calibration.of(actual[:2000], np.zeros(2000), std[:2000])
    for share in (0.5, 0.8, 0.95):
        inside = np.abs(actual[2000:]) <= calibration.factor(share) * std[2000:]
        assert inside.mean() == pytest.approx(share, abs=0.025)


def test_unknown_values_of_several_properties_do_not_count():
    actual = np.array([[1.0, np.nan], [2.0, 5.0], [3.0, np.nan]])
    found = Calibration.of(actual, np.zeros((3, 2)), np.ones((3, 2)))
    assert found.n == (3, 1)
    assert found.factor(0.5).tolist() == [2.0, 5.0]


def test_predict_gives_intervals_of_a_calibrated_model_which_its_file_keeps(single, tmp_path):
    mean, lower, upper = single.predict(FORMULAS, interval=0.8)
    np.testing.assert_array_equal(mean, single.predict(FORMULAS))
    inside = (lower <= np.arange(10)) & (np.arange(10) <= upper)
    assert inside.sum() >= 9  # rank ceil(11 * 0.8) of 10
    loaded = CompositionRegressor.load(single.save(tmp_path / "model.safetensors"))
    np.testing.assert_allclose(loaded.predict(FORMULAS, interval=0.8), [mean, lower, upper], rtol=1e-6)
    with pytest.raises(ValueError, match="call it twice"):
        single.predict(FORMULAS, return_std=True, interval=0.8)
    bare = CompositionRegressor("LSTM", RECIPE, progress=False).fit(FORMULAS, range(10))
    with pytest.raises(NotCalibrated, match="calibrate"):
        bare.predict(FORMULAS, interval=0.8)


def test_a_training_forgets_the_calibration_of_the_one_before(single):
    again = CompositionRegressor("LSTM", RECIPE, progress=False).fit(FORMULAS, range(10)).calibrate(FORMULAS, range(10))
    assert again.calibration_ is not None
    assert again.fit(FORMULAS, range(10)).calibration_ is None


def test_a_table_has_names_units_intervals_and_how_far_each_compound_is(several, tmp_path):
    several.calibrate(SEVERAL, ["Tc (K)", "gap [eV]"])
    loaded = CompositionRegressor.load(several.save(tmp_path / "model.safetensors"))
    for model in (several, loaded):
        table = model.table(["NaCl", "Na3Cl"], interval=0.5)
        assert table["property"].tolist() == ["Tc (K)", "gap [eV]"] * 2
        assert table["unit"].tolist() == ["K", "eV"] * 2
        assert table["formula"].tolist() == ["NaCl"] * 2 + ["Na3Cl"] * 2
        mean, lower, _ = model.predict(["NaCl", "Na3Cl"], interval=0.5)
        np.testing.assert_allclose(table["value"], mean.ravel())
        np.testing.assert_allclose(table["lower"], lower.ravel())
        assert table["distance"].tolist() == [0, 0, 0.25, 0.25]
        assert table["nearest"].tolist() == ["NaCl"] * 4


def test_no_compounds_give_a_table_without_rows(several, single):
    for model in (several, single):
        table = model.table([])
        assert table.empty
        assert list(table)[:5] == ["formula", "property", "unit", "value", "std"]


def test_a_table_refuses_elements_never_seen_and_warns_of_rare_ones(several):
    with pytest.raises(UnknownElements, match=r"1 compounds have elements that training never saw: F, Xe \('XeF2'\)"):
        several.table(["NaCl", "XeF2"])
    with pytest.warns(DataWarning, match=r"fewer than 2 training compounds have: Cl \(1\)"):
        several.table(["NaCl"])


def test_a_model_that_was_not_calibrated_has_a_table_without_intervals(tmp_path):
    model = CompositionRegressor("LSTM", RECIPE, progress=False).fit(FORMULAS, range(10))
    assert "lower" not in model.table(["NaCl"])
    assert "distance" in model.table(["NaCl"])
    file = model.save(tmp_path / "model.safetensors", training=False)
    assert "distance" not in CompositionRegressor.load(file).table(["NaCl"])
    with pytest.raises(AttributeError, match="training_compounds_ of this model is not known"):
        _ = CompositionRegressor.load(file).training_compounds_


@pytest.mark.parametrize(
    ("formula", "distance", "nearest"),
    [
        ("Fe2O3", 0.0, "Fe2O3"),
        ("Fe4O6", 0.0, "Fe2O3"),
        ("FeO", 0.1, "Fe2O3"),  # a tenth of the atoms: 0.5 of Fe in place of 0.4
        ("FeS2", 0.5, "ZnS"),
        ("XeF2", 1.0, "NaCl"),
    ],
)
def test_the_distance_is_the_smallest_share_of_atoms_to_be_replaced(formula, distance, nearest):
    known = TrainingCompounds.of(parse(["NaCl", "Fe2O3", "ZnS"]))
    known = TrainingCompounds.from_tensors(known.tensors())
    found, place = known.nearest(parse([formula]))
    assert found.tolist() == [distance]
    assert known.formula(int(place[0])) == nearest


@pytest.mark.parametrize("formula", ["NaCl", "SrTiO3", "K2Mg5Sn3", "Al2SiO5", "Ba0.5Sr0.5TiO3"])
def test_formulas_come_back_from_the_fractions_of_a_file(formula):
    read = parse([formula])
    found = formula_of(read.atomic_numbers, read.fractions.astype(np.float16).astype(np.float32))
    again = parse([found])
    np.testing.assert_allclose(again.canonical().fractions, read.canonical().fractions, atol=2e-3)
    assert len(found) <= len("BaSrTi2O6")


def test_contributions_of_the_elements_add_up_to_the_prediction(single, several):
    for model in (single, several):
        found = model.contributions(FORMULAS)
        assert found.index.names == ["row", "element"]
        summed = found.groupby(level="row").sum().to_numpy() + np.asarray(model.scaling_.mean)
        np.testing.assert_allclose(summed, model.predict(FORMULAS).reshape(10, -1), rtol=1e-4, atol=1e-4)
    assert sorted(found.loc[1].index) == ["Fe", "O"]


def test_contributions_of_the_padded_setting_leave_out_the_padding():
    model = CompositionRegressor("DCNN", RECIPE, "published", progress=False).fit(FORMULAS, range(10))
    found = model.contributions(FORMULAS)
    assert len(found) == parse(FORMULAS).n_tokens
    summed = found["target"].groupby(level="row").sum() + model.scaling_.mean
    np.testing.assert_allclose(summed, model.predict(FORMULAS), rtol=1e-4, atol=1e-4)


def test_features_are_vectors_of_compounds_or_of_their_elements(single):
    compounds = single.features(FORMULAS)
    assert compounds.shape == (10, 512)
    elements = single.features(FORMULAS, per_element=True)
    assert elements.shape == (parse(FORMULAS).n_tokens, 512)
    np.testing.assert_allclose(elements.groupby(level="row").mean(), compounds, rtol=1e-5)
    # The head maps these features to the prediction.
    head = single.network_.head
    import torch

    with torch.inference_mode():
        outputs = head.outputs(torch.from_numpy(elements.to_numpy())).double().numpy()
    means = pd.DataFrame(outputs, index=elements.index).groupby(level="row").mean().to_numpy()
    expected = means[:, 0] / (1 + np.exp(-means[:, 2]))
    np.testing.assert_allclose(single.scaling_.predicted(expected), single.predict(FORMULAS), rtol=1e-4)


def test_a_layer_is_named_as_cecv_names_it(single):
    assert single.features(FORMULAS, "LSTM output").shape[0] == 10
    first, second = (single.features(FORMULAS, f"soft attention#{call}") for call in (1, 2))
    assert not np.allclose(first, second)
    with pytest.raises(LayerError, match=r"has the outputs .*#1, .*#2"):
        single.features(FORMULAS, "soft attention")
    with pytest.raises(LayerError, match="no such"):
        single.features(FORMULAS, "no such")


def test_it_works_inside_the_wrappers_of_scikit_learn():
    plain = CompositionRegressor("LSTM", RECIPE, progress=False)
    targets = np.exp(np.arange(10.0))
    steps = Pipeline([("trim", FunctionTransformer(lambda X: [each.strip() for each in X])), ("network", plain)])
    padded = [f" {formula} " for formula in FORMULAS]
    expected = clone(plain).fit(FORMULAS, targets).predict(FORMULAS)
    np.testing.assert_array_equal(steps.fit(padded, targets).predict(padded), expected)
    logs = TransformedTargetRegressor(plain, func=np.log, inverse_func=np.exp, check_inverse=False)
    expected = np.exp(clone(plain).fit(FORMULAS, np.log(targets)).predict(FORMULAS))
    np.testing.assert_allclose(
        logs.fit(np.array(FORMULAS, dtype=object), targets).predict(FORMULAS), expected, rtol=1e-6
    )


def test_compounds_keep_their_order_whatever_their_lengths(single):
    shuffled = FORMULAS[::-1]
    np.testing.assert_allclose(single.features(shuffled)[::-1], single.features(FORMULAS), rtol=1e-4, atol=1e-5)
