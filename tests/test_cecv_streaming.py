"""CECV of a data set that comes batch by batch."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from foreign_networks import D, Fusion
from numpy.testing import assert_allclose, assert_array_equal

from lgdcnn_core import cecv

pytestmark = pytest.mark.usefixtures("seeded")


def data_set(n=60, seed=0):
    """Atomic numbers (n, 7), lengths (n,) and features (n, 7, d) of made-up compounds, Si in about half."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 8, size=n)
    atomic_numbers = np.zeros((n, 7), dtype=int)
    for row, length in zip(atomic_numbers, lengths, strict=True):
        row[:length] = rng.choice(np.arange(10, 20), size=length, replace=False)
    return atomic_numbers, lengths, torch.tensor(rng.normal(size=(n, 7, D)), dtype=torch.float32)


def batches(rows_of_batches, data):
    atomic_numbers, lengths, features = data
    for rows in rows_of_batches:
        width = lengths[rows].max()
        yield cecv.Batch((features[rows, :width],), lengths[rows], atomic_numbers[rows, :width], rows)


def test_streaming_gives_the_efms_of_the_focus_compounds_in_data_set_order():
    data = data_set()
    atomic_numbers, lengths, features = data
    model = Fusion()
    by_length = [np.flatnonzero(lengths == length) for length in (4, 7, 1, 3, 2, 6, 5)]
    result = cecv.layer_efms(model, batches(by_length, data), focus=14)
    assert list(result.efms) == ["LSTM output", "attention#1", "GRU output", "attention#2"]
    assert list(result.rows) == [3, 4, 5, 6, 7]
    for size, rows in result.rows.items():
        expected = np.flatnonzero((lengths == size) & (atomic_numbers == 14).any(axis=1))
        assert_array_equal(rows, expected)
        assert_array_equal(result.atomic_numbers[size], atomic_numbers[rows, :size])
        alone = [model.blocks[0](features[[row], :size])[0].detach() for row in rows]
        assert_allclose(result.efms["LSTM output"][size], [cecv.efm(one) for one in alone], atol=1e-5)
    counts = {layer: vector.counts for layer, vector in result.cecvs(rule="leader").items()}
    outputs = {
        size: np.stack([model.blocks[0](features[[row], :size])[0].detach() for row in rows])
        for size, rows in result.rows.items()
    }
    assert_array_equal(counts["LSTM output"], cecv.cecv(outputs, rule="leader").counts)


def test_plain_tuples_in_data_set_order_serve_as_batches():
    data = data_set()
    cuts = [np.arange(start, stop) for start, stop in pairwise((0, 20, 45, 60))]
    plain = [tuple(batch)[:3] for batch in batches(cuts, data)]
    first = cecv.layer_efms(Fusion(), plain, focus=None, sizes=(2, 1), layers="LSTM output")
    assert first.focus is None
    assert_array_equal(first.rows[1], np.flatnonzero(data[1] == 1))
    assert_array_equal(first.rows[2], np.flatnonzero(data[1] == 2))


def test_rows_of_efms_are_by_descending_amount_where_amounts_are_given():
    atomic_numbers = np.array([[12, 14, 8, 26], [14, 8, 13, 0]])
    amounts = np.array([[0.1, 0.2, 0.5, 0.2], [0.2, 0.6, 0.2, 0.0]])
    features, lengths = torch.randn(2, 4, D), np.array([4, 3])
    given = cecv.layer_efms(Fusion(), [cecv.Batch((features,), lengths, atomic_numbers)], focus=14)
    sorted_ = cecv.layer_efms(Fusion(), [((features,), lengths, atomic_numbers, None, amounts)], focus=14)
    assert_array_equal(given.atomic_numbers[4], [[12, 14, 8, 26]])
    assert_array_equal(sorted_.atomic_numbers[4], [[8, 14, 26, 12]])
    assert_array_equal(sorted_.atomic_numbers[3], [[8, 13, 14]])
    assert_array_equal(sorted_.rows[3], [1])


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ([0.5, 0.2, 0.3], r"amounts of shape \(3,\) for atomic numbers of shape \(2, 4\)"),
        ([[0.5, 0.5], [0.5, 0.5]], r"amounts of shape \(2, 2\) for atomic numbers of shape \(2, 4\)"),
        (
            [[0.1, 0.2, 0.5, 0.2], [0.2, np.nan, 0.2, 0.0]],
            "compound 1: amounts must be above 0, not .0.2, nan, 0.2",
        ),
        (
            [[0.1, 0.2, 0.7, 0.0], [0.2, 0.6, 0.2, 0.0]],
            "compound 0: amounts must be above 0, not .0.1, 0.2, 0.7",
        ),
    ],
)
def test_amounts_that_do_not_fit_the_elements_are_refused(amounts, message):
    atomic_numbers = np.array([[12, 14, 8, 26], [14, 8, 13, 0]])
    batch = cecv.Batch((torch.randn(2, 4, D),), [4, 3], atomic_numbers, None, amounts)
    with pytest.raises(cecv.CECVError, match=message):
        cecv.layer_efms(Fusion(), [batch], focus=14)


def test_distances_do_not_depend_on_the_order_that_a_network_reads_if_amounts_are_given():
    model = torch.nn.Sequential(torch.nn.Linear(D, D))
    atomic_numbers = np.array([[12, 14, 8, 26], [14, 8, 13, 20], [14, 16, 20, 30]])
    amounts = np.array([[0.1, 0.2, 0.5, 0.2], [0.2, 0.6, 0.1, 0.1], [0.3, 0.4, 0.2, 0.1]])
    features = torch.randn(3, 4, D)
    other = np.array([2, 0, 3, 1])
    first, second = (
        cecv.layer_efms(
            model, [((features[:, o],), [4] * 3, atomic_numbers[:, o], None, amounts[:, o])], focus=14, layers="0"
        )
        for o in (np.arange(4), other)
    )
    assert_array_equal(first.atomic_numbers[4], second.atomic_numbers[4])
    assert_allclose(first.efms["0"][4], second.efms["0"][4], atol=1e-6)


def test_batches_without_a_wanted_compound_are_not_run_and_modes_are_put_back():
    model, data = Fusion(), data_set()
    model.train()
    model.attention.eval()
    runs, modes = [], []
    model.register_forward_pre_hook(lambda part, inputs: (runs.append(len(inputs[0])), modes.append(part.training))[0])
    with_si = (data[0] == 14).any(axis=1) & (data[1] >= 3)
    cuts = [np.flatnonzero(with_si), np.flatnonzero(~with_si)]
    cecv.layer_efms(model, batches(cuts, data), focus=14)
    assert runs == [with_si.sum()]
    assert modes == [False]
    assert model.training
    assert model.blocks[0].training
    assert not model.attention.training


def test_streaming_names_what_is_wrong():
    data = data_set()
    everything = [np.arange(60)]
    row = int(np.flatnonzero((data[1] == 4) & (data[0] == 14).any(axis=1))[0])
    with pytest.raises(cecv.CECVError, match="contains element 92"):
        cecv.layer_efms(Fusion(), batches(everything, data), focus=92)
    with pytest.raises(cecv.CECVError, match="same row of the data set twice"):
        cecv.layer_efms(Fusion(), batches(everything * 2, data), focus=14)
    shifted = [batch._replace(lengths=batch.lengths + 1) for batch in batches(everything, data)]
    with pytest.raises(cecv.CECVError, match="compound 0 is said to have"):
        cecv.layer_efms(Fusion(), shifted, focus=14)
    data[2][row, 0, 0] = np.nan
    with pytest.raises(cecv.CECVError, match=rf"compound {row} \(layer LSTM output\) is NaN"):
        cecv.layer_efms(Fusion(), batches(everything, data), focus=14)


def test_a_network_that_calls_other_layers_from_batch_to_batch_is_refused():
    class Fickle(Fusion):
        def forward(self, x):
            return super().forward(x) if len(x) > 25 else self.attention(super().forward(x)[:, None].expand_as(x))

    data = data_set()
    cuts = [np.arange(0, 40), np.arange(40, 60)]
    with pytest.raises(cecv.LayerError, match="one batch called the layers"):
        cecv.layer_efms(Fickle(), batches(cuts, data), focus=14)
