"""Whatever finite targets a table has, a training ends with finite predictions and positive standard deviations."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.training import FAST, PAPER, RECIPES, Scaling

FORMULAS = [f"Fe{number}Ni{501 - number}" for number in range(1, 501)]
BRIEF = {
    "fast": FAST.with_changes(epochs=3, batch_size=64),
    "paper": PAPER.with_changes(epochs=4, half_cycle=1),
}
NETWORKS = ["DCNN-K1", "identity", "LSTM"]
SCALES = [1.0, 5e-324, 1e-310, 1e-170, 1e-30, 1e30, 1e160, 1e300]


def fitted(values, model="DCNN-K1", recipe="fast", setting="exact", **parameters) -> CompositionRegressor:
    chosen = BRIEF[recipe].with_changes(**parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of overflow, of divergence, of anything
        estimator = CompositionRegressor(model, chosen, setting, progress=False)
        return estimator.fit(FORMULAS[: len(values)], values)


def assert_sound(estimator: CompositionRegressor, n: int) -> tuple[np.ndarray, np.ndarray]:
    mean, std = estimator.predict(FORMULAS[:n], return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()
    assert (std > 0).all()
    assert estimator.history_.diverged is None
    return mean, std


any_number = st.floats(allow_nan=False, allow_infinity=False)
any_targets = st.one_of(
    st.lists(any_number, min_size=2, max_size=12),
    st.tuples(any_number, st.integers(2, 500)).map(lambda pair: [pair[0]] * pair[1]),
    st.tuples(any_number, any_number, st.integers(2, 500)).map(lambda row: [row[n % 2] for n in range(row[2])]),
    st.tuples(st.sampled_from(SCALES), st.integers(2, 500)).map(lambda row: [n * row[0] / 500 for n in range(row[1])]),
)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    targets=any_targets,
    model=st.sampled_from(NETWORKS),
    recipe=st.sampled_from(sorted(BRIEF)),
    setting=st.sampled_from(["exact", "published"]),
    learnt=st.sampled_from(["as they are", "asinh of long tails"]),
    loss=st.sampled_from(["Laplace", "L1"]),
)
def test_any_finite_targets_are_trained(targets, model, recipe, setting, learnt, loss):
    assert_sound(fitted(targets, model, recipe, setting, targets=learnt, loss=loss), len(targets))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(targets=any_targets, learnt=st.sampled_from(["as they are", "asinh of long tails"]))
def test_any_finite_targets_have_a_scale_on_which_they_are_learnt(targets, learnt):
    values = np.array(targets)
    scaling = Scaling.of(values, False, learnt)
    standardised = scaling.learnt(values)
    assert np.isfinite(scaling.mean)
    assert 0 < scaling.std < np.inf
    assert np.abs(standardised).max() <= 20 * np.sqrt(len(values))
    for value in (-1e38, 0.0, 1e38):
        assert np.isfinite(scaling.predicted(np.array([value]))).all()
        for uncertainty in (-36.0, 0.0, 80.0):
            assert 0 < scaling.uncertainty(np.array([value]), np.array([uncertainty]))[0] < np.inf


@pytest.mark.parametrize("scale", [1.0, 1e-170, 1e160])
def test_targets_come_back_from_their_scale_whatever_their_size(scale):
    values = scale * np.array([1.0, 2.0, 4.0])
    scaling = Scaling.of(values, False)
    assert scaling.std / scale == pytest.approx(np.std([1, 2, 4], ddof=1))
    np.testing.assert_allclose(scaling.predicted(scaling.learnt(values)), values, rtol=1e-12)


@pytest.mark.parametrize("recipe", sorted(BRIEF))
@pytest.mark.parametrize("setting", ["exact", "published"])
def test_a_long_training_on_targets_without_spread_predicts_them(recipe, setting):
    """The published loss falls without end here: the uncertainty goes to zero and its inverse to infinity."""
    longer = {"epochs": 120} if recipe == "fast" else {"epochs": 120, "half_cycle": 10}
    estimator = fitted([7.0] * 20, "identity", recipe, setting, **longer)
    mean, std = assert_sound(estimator, 20)
    np.testing.assert_allclose(mean, 7.0, rtol=1e-6 if recipe == "fast" else 0.01)
    assert (std < (1e-3 if recipe == "fast" else 0.7)).all()


def test_every_recipe_has_a_loss_with_a_floor():
    assert {recipe.loss for recipe in RECIPES.values()} <= {"Laplace", "L1"}
