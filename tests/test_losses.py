"""Losses, and the scale on which targets are learnt."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from lgdcnn_core.training import Scaling
from lgdcnn_core.training.losses import (
    LOWEST_LOG_UNCERTAINTY,
    absolute_loss,
    cross_entropy_loss,
    laplace_loss,
    mean_over_compounds,
    property_weights,
)


def test_the_loss_is_the_laplace_likelihood():
    output = torch.tensor([[1.0, 0.0], [0.0, np.log(2.0)]])
    loss = laplace_loss(output, torch.tensor([3.0, 1.0]))
    assert loss.tolist() == pytest.approx([2 * 2**0.5, 2**0.5 / 2 + np.log(2)])


def test_the_absolute_loss_counts_every_compound_the_same_and_the_uncertainty_learns_beside_it():
    output = torch.tensor([[1.0, 0.0], [0.0, math.log(2)]], requires_grad=True)
    loss = absolute_loss(output, torch.tensor([3.0, 1.0])).mean()
    assert loss.item() == pytest.approx((2 + 2 * 2**0.5 + 1 + 2**0.5 / 2 + np.log(2)) / 2)
    loss.backward()
    by_hand = [[-0.5, (1 - 2 * 2**0.5) / 2], [-0.5, (1 - 2**0.5 / 2) / 2]]
    torch.testing.assert_close(output.grad, torch.tensor(by_hand))


class TestLowestUncertainty:
    LOWEST = math.log(0.01)

    def loss(self, log_uncertainty: float, error: float, loss=laplace_loss) -> tuple[float, float]:
        """Loss of one compound, and its gradient with the log-uncertainty."""
        output = torch.tensor([0.0, log_uncertainty], requires_grad=True)
        value = loss(output, torch.tensor(error), self.LOWEST)
        (gradient,) = torch.autograd.grad(value, output)
        return value.item(), gradient[1].item()

    def test_above_it_the_loss_is_the_published_one_to_the_bit(self):
        torch.manual_seed(0)
        output, target = torch.randn(50, 2), torch.randn(50)
        for loss in (laplace_loss, absolute_loss):
            results = []
            for lowest in ([], [output[:, 1].min().item()]):
                given = output.clone().requires_grad_()
                value = loss(given, target, *lowest)
                results.append((value.detach(), torch.autograd.grad(value.sum(), given)[0]))
            assert torch.equal(results[0][0], results[1][0])
            assert torch.equal(results[0][1], results[1][1])

    def test_below_it_the_loss_is_that_at_the_lowest(self):
        for loss, more in ((laplace_loss, 0), (absolute_loss, 0.5)):
            value, _ = self.loss(-800.0, 0.5, loss)
            assert value == pytest.approx(math.sqrt(2) * 0.5 / 0.01 + self.LOWEST + more)

    def test_below_it_an_uncertainty_that_is_too_small_rises_and_one_that_is_too_large_falls_no_further(self):
        assert self.loss(-9.0, 0.5)[1] == pytest.approx(1 - math.sqrt(2) * 0.5 / 0.01)
        assert self.loss(-9.0, 0.001)[1] == 0
        assert self.loss(-4.0, 0.001)[1] > 0

    def test_it_lies_far_below_what_data_teach_and_far_above_what_overflows(self):
        for lowest in LOWEST_LOG_UNCERTAINTY.values():
            square = torch.tensor(-2 * lowest).exp() * 1e6
            assert square.isfinite()
            assert lowest < -15


def test_cross_entropy_is_that_of_the_logit():
    output = torch.tensor([[0.0, 9.0], [np.log(3.0), -9.0]])
    expected = [np.log(2), np.log(4)]
    assert cross_entropy_loss(output, torch.tensor([1.0, 0.0])).tolist() == pytest.approx(expected)


def test_several_properties_share_a_loss_by_the_root_of_how_many_compounds_each_is_known_of():
    targets = np.full((16, 2), np.nan)
    targets[:, 0], targets[:4, 1] = 0.0, 0.0
    weights = property_weights(targets)
    # In proportion to 1/4 and 1/2; (16 * 8/3 * 1/4 + 4 * 8/3 * 1/2) / 16 = 1.
    assert weights.tolist() == pytest.approx([8 / 3 / 4, 8 / 3 / 2])
    known = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    values = torch.tensor([[3.0, 100.0], [5.0, 2.0]])
    mean = mean_over_compounds(values, torch.tensor([0.5, 2.0]) * known)
    assert mean.item() == pytest.approx((0.5 * 3 + 0.5 * 5 + 2 * 2) / 2)
    assert mean_over_compounds(values[:, 0], None).item() == 4.0


def test_several_properties_are_standardised_each_over_what_is_known_of_it():
    targets = np.array([[1.0, 10.0], [3.0, np.nan], [5.0, 30.0]])
    scaling = Scaling.of(targets, False)
    assert scaling.mean == (3.0, 20.0)
    assert scaling.std == pytest.approx((2.0, 200**0.5))
    learnt = scaling.learnt(targets)
    np.testing.assert_allclose(learnt[:, 0], [-1, 0, 1])
    assert np.isnan(learnt[1, 1])
    np.testing.assert_allclose(scaling.predicted(learnt), targets)
    assert Scaling.from_dict(json.loads(json.dumps(dataclasses.asdict(scaling)))) == scaling


def test_long_tails_are_learnt_as_asinh_and_come_back():
    tails = np.array([-100.0, -1.0, 0.0, 1.0, 2.0, 3.0, 1000.0])
    plain, squeezed = (Scaling.of(tails, False, learnt) for learnt in ("as they are", "asinh of long tails"))
    assert plain.unit is None
    assert squeezed.unit == 2.0  # the median of 0, 1, 1, 2, 3, 100, 1000
    np.testing.assert_allclose(squeezed.learnt(tails) * squeezed.std + squeezed.mean, np.arcsinh(tails / 2))
    for scaling in (plain, squeezed):
        np.testing.assert_allclose(scaling.predicted(scaling.learnt(tails)), tails, atol=1e-9)
    # An uncertainty is the change of the prediction with what is learnt.
    step = 1e-6
    slope = (squeezed.predicted(np.array([0.5 + step])) - squeezed.predicted(np.array([0.5]))) / step
    np.testing.assert_allclose(squeezed.uncertainty(np.array([0.5]), np.zeros(1)), slope, rtol=1e-5)
    normal = np.random.default_rng(0).normal(5, 2, 500)
    assert Scaling.of(normal, False, "asinh of long tails") == Scaling.of(normal, False)
