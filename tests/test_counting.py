"""Arithmetic and memory traffic of the networks, counted, and the roofline over them."""

import math

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from lgdcnn_core.companion import speed
from lgdcnn_core.composition import parse
from lgdcnn_core.models import build
from lgdcnn_core.training import FAST, PAPER, Layout, choose
from lgdcnn_core.training.batches import Batch

# By hand, from the paper's widths: embedding, LSTM (two directions, four gates), the attention twice, GRU (three
# gates), seven convolutions of kernel 3, output.
L_G_DCNN_WEIGHTS = (
    200 * 512
    + 2 * 4 * 256 * (512 + 256)
    + 2 * (512 * 512 + 512)
    + 2 * 3 * 256 * (512 + 256)
    + 7 * 3 * 512 * 512
    + 512 * 3
)


# ------------------------------------------------------------------------------------------------------ counting


def test_the_weights_in_products_of_l_g_dcnn_are_those_worked_out_by_hand():
    network = build("L-G-DCNN", seed=0)
    assert sum(each.weights for each in speed.products(network)) == L_G_DCNN_WEIGHTS == 8_886_784
    # A first and a last token have no neighbour on one side, and a first one no state before it.
    of_ends = 2 * 7 * 512 * 512 + 2 * (4 + 3) * 256 * 256
    predicting = 2 * (10 * L_G_DCNN_WEIGHTS - 2 * of_ends)
    assert speed.prediction_flop(network, np.array([7, 3])) == predicting
    # The gradient of the element table is not needed: one product less for the 200 x 512 weights of the embedding.
    assert speed.training_flop(network, np.array([7, 3])) == 3 * predicting - 10 * 2 * 200 * 512
    # With the products of zeros, every weight meets every position.
    assert speed.prediction_flop(network, np.array([7, 3]), zeros=True) == 2 * 10 * L_G_DCNN_WEIGHTS
    assert speed.training_flop(network, np.ones(1, int), zeros=True) == 6 * L_G_DCNN_WEIGHTS - 2 * 200 * 512


def test_self_attention_costs_two_products_for_each_pair_of_elements():
    network = build("CrabNet", seed=0)
    apart, together = (speed.prediction_flop(network, np.array(positions)) for positions in ([1, 1, 1], [3]))
    assert together - apart == 3 * (9 - 3) * 2 * 2 * 512  # three layers of 512 features


@pytest.mark.parametrize("name", ["DCNN", "CrabNet", "L-G-DCNN", "TextCNN"])
def test_the_count_is_that_of_torchs_counter_where_it_sees_everything(name):
    network = build(name, seed=0).double()
    # Of unlike lengths: were there arithmetic on padding anywhere, torch would count more than we do.
    compositions = parse(["SrTiO3", "NaCl", "LiFePO4", "Na2CaF4"])
    batch = Batch(compositions, Layout("exact", 3), choose("cpu", "float32"))
    batch.frac = batch.frac._replace(data=batch.frac.data.double())
    # The counter has no formula for a product that is added in place.
    in_place = {torch.ops.aten.addmm_: lambda _, x, weight, **rest: 2 * math.prod(x) * weight[1]}
    # Float64 has no fused recurrent kernel, and attention in plain operations none either.
    with sdpa_kernel(SDPBackend.MATH):
        with FlopCounterMode(display=False, custom_mapping=in_place) as forward, torch.no_grad():
            network(batch.src, batch.frac)
        with FlopCounterMode(display=False, custom_mapping=in_place) as both:
            network(batch.src, batch.frac).sum().backward()
    assert forward.get_total_flops() == speed.prediction_flop(network, compositions.lengths)
    assert both.get_total_flops() == speed.training_flop(network, compositions.lengths)


# ------------------------------------------------------------------------------------------------------ roofline


def test_bytes_of_the_weights_are_those_worked_out_by_hand():
    network = build("L-G-DCNN", seed=0)
    parameters = sum(p.numel() for p in network.parameters())
    # Passes 8, gradient 4, AdamW 28, average 12; in bfloat16 the passes are 4 + 2 for the copy and 2 + 2.
    assert speed.weight_bytes(network, FAST, bfloat16=False) == parameters * 52
    assert speed.weight_bytes(network, FAST, bfloat16=True) == parameters * 54
    # No moving average, but every sixth step Lookahead's two reads and two writes.
    assert speed.weight_bytes(network, PAPER, bfloat16=False) == pytest.approx(parameters * (40 + 16 / 6))


@pytest.mark.parametrize(("name", "features", "width"), [("DCNN-K1", 512, 256), ("DCNN", 512, 512)])
def test_bytes_of_the_activations_are_those_worked_out_by_hand(name, features, width):
    network = build(name, seed=0)
    # Element table, without its gradient; first convolution; six more; output. A convolution reads each token once.
    numbers = 2 * 200 + 2 * 512 + 3 * features + 2 * width + 6 * 5 * width + 3 * width + 2 * 3
    assert speed.activation_bytes(network, bfloat16=False) == 4 * numbers
    assert speed.activation_bytes(network, bfloat16=True) == 2 * numbers


def test_the_states_of_a_recurrence_are_no_traffic():
    products = speed.products(build("LSTM", seed=0))
    assert [each.away for each in products] == [0, 0, 1, 0, 1, 0]


def test_memory_bounds_below_the_ridge_and_arithmetic_above():
    assert speed.bound(10, peak=2e12, bandwidth=1e11) == 1e12
    assert speed.bound(50, peak=2e12, bandwidth=1e11) == 2e12
