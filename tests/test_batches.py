"""Batches: what becomes of compounds on their way into a network."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from compounds import FORMULAS

from lgdcnn_core.composition import parse
from lgdcnn_core.models import CHAINS, build
from lgdcnn_core.training import Layout, choose
from lgdcnn_core.training.batches import Batch, Room, pack, reordered, with_noise
from lgdcnn_core.training.losses import laplace_loss


def test_noise_keeps_each_compound_summing_to_one():
    compositions = parse(FORMULAS)
    noisy = with_noise(compositions, 0.02, np.random.default_rng(0))
    np.testing.assert_allclose(np.add.reduceat(noisy.fractions, noisy.offsets[:-1]), 1, rtol=1e-6)
    ratio = noisy.fractions / compositions.fractions
    assert 0.005 < ratio.std() < 0.03
    assert noisy.fractions[compositions.offsets[3]] == 1.0  # a pure element stays one


def test_reordering_moves_elements_within_a_share_of_the_compounds():
    compositions = parse(FORMULAS * 20)
    found = reordered(compositions, 0.5, np.random.default_rng(0))
    moved = 0
    for start, end in pairwise(compositions.offsets):
        before = list(zip(compositions.atomic_numbers[start:end], compositions.fractions[start:end], strict=True))
        after = list(zip(found.atomic_numbers[start:end], found.fractions[start:end], strict=True))
        assert sorted(before) == sorted(after)
        moved += before != after
    # Half of them drawn; of these, one of two elements stays as it was in half of the cases, a pure element always.
    assert 0.2 < moved / len(compositions) < 0.5
    untouched = reordered(compositions, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(untouched.atomic_numbers, compositions.atomic_numbers)


def test_a_boundary_is_a_place_without_an_element_after_each_compound():
    compositions = Layout("exact", 5, boundary=1).ordered(parse(["NaCl", "Cu"]))
    assert compositions.atomic_numbers.tolist() == [11, 17, 0, 29, 0]
    assert compositions.fractions.tolist() == [0.5, 0.5, 0, 1, 0]
    assert compositions.lengths.tolist() == [3, 2]


def test_packing_wastes_nothing_and_keeps_the_order():
    compositions = parse(FORMULAS)
    src, frac = pack(compositions)
    assert len(src.data) == compositions.n_tokens
    padded, lengths = torch.nn.utils.rnn.pad_packed_sequence(frac, batch_first=True)
    np.testing.assert_array_equal(lengths, compositions.lengths)
    np.testing.assert_array_equal(padded, compositions.padded()[1])


@pytest.mark.parametrize("name", CHAINS)
def test_places_that_stay_free_change_nothing(name):
    compositions = parse(FORMULAS)
    network = build(name, seed=0).eval()
    found = []
    for room in (None, Room(np.array([9, 6, 5, 5, *[4] * 3, *[3] * 5, *[2] * 9, 1, 1]))):
        batch = Batch(compositions, Layout("exact", 5), choose("cpu", "float32"), room)
        network.zero_grad()
        output = network(batch.src, batch.frac)
        laplace_loss(output, torch.arange(len(FORMULAS))).mean().backward()
        found.append([output.detach(), *(p.grad for p in network.parameters() if p.grad is not None)])
    assert len(batch.src.data) > compositions.n_tokens
    for without, with_room in zip(*found, strict=True):
        torch.testing.assert_close(with_room, without, rtol=1e-4, atol=1e-6)


def test_there_is_room_for_nearly_every_batch_and_others_are_told():
    lengths = np.random.default_rng(0).choice([2, 3, 4, 7], size=2000, p=[0.3, 0.5, 0.18, 0.02])
    room = Room.enough(lengths, 128)
    assert room.lengths.sum() < 1.5 * 128 * lengths.mean()
    drawn = [np.random.default_rng(seed).choice(lengths, 128, replace=False) for seed in range(500)]
    assert np.mean([room.take(batch) is not None for batch in drawn]) > 0.98
    assert room.take(np.full(128, 7)) is None
    assert room.take(np.full(1, 5)) is None
    places = Room(np.array([3, 2, 2, 1])).take(np.array([2, 1, 2]))
    assert places.tolist() == [1, 3, 2]
    with pytest.raises(ValueError, match="no room"):
        pack(parse(["NaCl", "KCl"]), Room(np.array([3, 2])))
