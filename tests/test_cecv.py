import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from lgdcnn_core import cecv
from lgdcnn_core.models import build

GOLDEN = json.loads((Path(__file__).parent / "golden" / "cecv.json").read_text())
RULES = list(cecv.RULES)


def on_a_line(values, size=4):
    """EFMs (n, size, size) that differ in one entry, so that D is the difference of two numbers."""
    efms = np.tile(np.eye(size), (len(values), 1, 1))
    efms[:, 0, 1] = efms[:, 1, 0] = values
    return efms


def made_up_efms(n, size, seed=0, environments=12, spread=0.25):
    """EFMs of compounds scattered about a few environments."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(environments, size, 16))
    return cecv.efm(centres[rng.integers(environments, size=n)] + spread * rng.normal(size=(n, size, 16)))


def partition(labels):
    return {frozenset(np.flatnonzero(labels == label)) for label in np.unique(labels)}


# ---------------------------------------------------------------------------------------------- published


def test_every_size_and_threshold_agrees_with_the_published_implementation():
    outputs = {int(size): np.array(stack) for size, stack in GOLDEN["layer_outputs"].items()}
    result = cecv.cecv(outputs)
    assert_array_equal(result.thresholds, GOLDEN["thresholds"])
    assert result.sizes == (3, 4, 5, 6, 7)
    for threshold, expected in GOLDEN["clusters_per_size"].items():
        assert result.by_size.loc[float(threshold)].tolist() == expected
    assert result.counts.tolist() == GOLDEN["cecv"]
    assert result.n_compounds == 200
    assert_allclose(result.normalised, np.array(GOLDEN["cecv"]) / 200)


def test_compounds_of_all_sizes_mixed_give_the_same_cecv_as_sorted_by_size():
    stacks = [GOLDEN["layer_outputs"][size] for size in GOLDEN["layer_outputs"]]
    mixed = [np.array(output) for compounds in zip(*stacks, strict=True) for output in compounds]
    assert cecv.cecv(mixed).counts.tolist() == GOLDEN["cecv"]
    assert cecv.cecv([torch.tensor(output) for output in mixed]).counts.tolist() == GOLDEN["cecv"]


# ---------------------------------------------------------------------------------------------------- EFM


def test_efm_of_a_hand_worked_ternary():
    # Every feature is a permutation of (-1, 0, 1), of deviation 1, times a scale plus an offset: the
    # standardised rows are (1, 0, 0), (0, 1, -1), (-1, -1, 1).
    standardised = np.array([[1, 0, 0], [0, 1, -1], [-1, -1, 1]])
    expected = [[1, 0, -1 / 2], [0, 1, -np.sqrt(3) / 2], [-1 / 2, -np.sqrt(3) / 2, 1]]
    assert_allclose(cecv.efm(standardised * [0.5, 3.0, 20.0] + [7.0, -1.0, 0.0]), expected, atol=1e-14)


def test_efm_of_a_binary_compound_is_not_standardised():
    assert_allclose(cecv.efm([[1, 2, 3], [10, 30, 20]]), [[1, 0.5], [0.5, 1]])


def test_efm_of_one_element_is_one():
    assert_array_equal(cecv.efm(np.random.default_rng(0).normal(size=(5, 1, 8))), np.ones((5, 1, 1)))


def test_a_feature_constant_over_the_elements_is_left_out_as_pandas_leaves_out_what_is_missing():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4, 10)).astype(np.float32)
    with_constant = np.insert(features, [2, 5], 0.1, axis=1)
    frame = pd.DataFrame(with_constant.astype(np.float64))
    assert_allclose(cecv.efm(with_constant), cecv.efm(features), atol=1e-14)
    assert_allclose(cecv.efm(with_constant), ((frame - frame.mean()) / frame.std()).T.corr(), atol=1e-6)
    # In float64 the computed mean of three times 0.1 is not 0.1: no deviation may come of that.
    ternary = rng.normal(size=(3, 10))
    assert_allclose(cecv.efm(np.insert(ternary, [2, 5], 0.1, axis=1)), cecv.efm(ternary), atol=1e-14)


def test_a_constant_row_correlates_with_nothing_but_itself():
    rows = np.random.default_rng(0).normal(size=(3, 9))
    middle = np.vstack([rows, rows.mean(axis=0)])  # the last element is the mean in every feature
    matrix = cecv.efm(middle)
    assert_array_equal(matrix[3], [0, 0, 0, 1])
    assert_allclose(matrix[:3, :3], cecv.efm(middle)[:3, :3].T)
    assert_array_equal(cecv.efm([[0.1] * 5, [1, 2, 3, 4, 5]]), np.eye(2))


@pytest.mark.parametrize("size", [2, 3, 7])
def test_identical_constant_elements_and_a_single_varying_feature_give_the_identity(size):
    assert_array_equal(cecv.efm(np.full((size, 6), 0.3)), np.eye(size))
    if size > 2:
        assert_array_equal(cecv.efm(np.tile(np.arange(6.0), (size, 1))), np.eye(size))
        one_varies = np.zeros((size, 6))
        one_varies[:, 0] = np.arange(size)
        assert_array_equal(cecv.efm(one_varies), np.eye(size))


def test_a_stack_gives_the_same_efms_as_its_compounds_one_by_one():
    stack = np.random.default_rng(0).normal(size=(600, 5, 12)).astype(np.float32)
    together = cecv.efm(torch.tensor(stack))
    assert together.dtype == np.float64
    assert_array_equal(together, together.transpose(0, 2, 1))
    assert_allclose(together[::50], [cecv.efm(one) for one in stack[::50]], rtol=0, atol=1e-14)


def test_nan_and_wrong_shapes_are_refused_by_name():
    stack = np.zeros((400, 3, 4))
    stack[301, 0, 0] = np.nan
    with pytest.raises(cecv.CECVError, match="compound 301 is NaN or infinite"):
        cecv.efm(stack)
    with pytest.raises(cecv.CECVError, match="compound Mg2Si"):
        cecv.efm(np.full((1, 2, 4), np.inf), ["Mg2Si"])
    with pytest.raises(cecv.CECVError, match="compound 2 is NaN"):
        cecv.cecv([np.eye(3, 5), np.eye(4, 5), np.full((3, 5), np.nan)])
    with pytest.raises(cecv.CECVError, match=r"not \(3, 1\)"):
        cecv.efm(np.zeros((3, 1)))
    with pytest.raises(cecv.CECVError, match="different numbers of features"):
        cecv.cecv([np.eye(3), np.zeros((3, 4))])
    with pytest.raises(cecv.CECVError, match=r"size 3 have shape \(2, 4, 5\)"):
        cecv.cecv({3: np.zeros((2, 4, 5))})


# ----------------------------------------------------------------------------------------------- clusters


def literal_published_scan(efms, threshold):
    """The published scan step by step, as method.md tells it."""
    n, size, _ = efms.shape
    unassigned, labels, found = list(range(n)), np.full(n, -1), 0
    for visited in range(n):
        if not unassigned:
            break
        if len(unassigned) == 1:
            labels[unassigned[0]] = found
            break
        taken = []
        for other in unassigned:
            if size == 3:
                near = np.abs(np.abs(efms[visited]) - np.abs(efms[other])).max() < threshold
            else:
                near = np.abs(efms[visited] - efms[other]).max() <= threshold
            if near:
                taken.append(other)
        if taken:
            labels[taken] = found
            found += 1
            unassigned = [other for other in unassigned if other not in taken]
    return labels


def literal_leader(efms, threshold):
    leaders, labels = [], []
    for matrix in efms:
        near = [k for k, leader in enumerate(leaders) if np.abs(matrix - leader).max() <= threshold]
        if not near:
            leaders.append(matrix)
        labels.append(near[0] if near else len(leaders) - 1)
    return np.array(labels)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_the_fast_rules_make_the_clusters_of_the_step_by_step_ones(size):
    efms = made_up_efms(300, size, seed=size)
    for threshold in cecv.THRESHOLDS[::3]:
        published = cecv.clusters(efms, threshold)
        assert partition(published) == partition(literal_published_scan(efms, threshold))
        assert_array_equal(cecv.clusters(efms, threshold, rule="leader"), literal_leader(efms, threshold))


def test_published_rule_by_hand():
    # 0 takes itself and 0.25; 0.25, though assigned, takes 0.5; one is left: a cluster of its own.
    assert cecv.clusters(on_a_line([0, 0.25, 0.5, 0.75]), 0.25).tolist() == [0, 0, 1, 2]
    # N = 3: the comparison is strict, so here each takes itself alone ...
    assert cecv.clusters(on_a_line([0, 0.25, 0.5, 0.75], size=3), 0.25).tolist() == [0, 1, 2, 3]
    # ... and signs do not matter, as they do for any other N.
    for size, expected in ((2, [0, 1, 0]), (3, [0, 0, 0]), (4, [0, 1, 0]), (5, [0, 1, 0])):
        assert cecv.clusters(on_a_line([0.5, -0.5, 0.5], size), 0.25).tolist() == expected


def test_leader_rule_by_hand():
    assert cecv.clusters(on_a_line([0, 0.25, 0.5, 0.75]), 0.25, rule="leader").tolist() == [0, 0, 1, 1]
    # 0.5 is within reach of two leaders and joins the earlier one, not the nearer one.
    assert cecv.clusters(on_a_line([0.0, 0.75, 0.5]), 0.5, rule="leader").tolist() == [0, 1, 0]
    assert cecv.clusters(on_a_line([0.75, 0.0, 0.5]), 0.5, rule="leader").tolist() == [0, 1, 0]
    # It depends on the order, and N = 3 has no rule of its own.
    assert cecv.clusters(on_a_line([0.0, 0.2, 0.4]), 0.25, rule="leader").tolist() == [0, 0, 1]
    assert cecv.clusters(on_a_line([0.2, 0.0, 0.4]), 0.25, rule="leader").tolist() == [0, 0, 0]
    assert cecv.clusters(on_a_line([0.25, -0.25, 0.5], 3), 0.25, rule="leader").tolist() == [0, 1, 0]


def test_complete_linkage_by_hand():
    # 0 and 0.2 merge at 0.2, 0.5 and 0.75 at 0.25, all four at 0.75.
    efms = on_a_line([0.5, 0.0, 0.75, 0.2])
    labels = cecv.clusters(efms, [0.1, 0.2, 0.25, 0.7, 0.75], rule="complete-linkage")
    assert labels.tolist() == [[0, 1, 2, 3], [0, 1, 2, 1], [0, 1, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0]]
    # A chain is cut: no two members are further apart than the threshold.
    assert cecv.clusters(on_a_line([0, 0.2, 0.41]), 0.25, rule="complete-linkage").tolist() == [0, 0, 1]


def test_complete_linkage_does_not_depend_on_the_order_and_keeps_members_within_the_threshold():
    efms = made_up_efms(120, 4)
    order = np.random.default_rng(1).permutation(120)
    for threshold in cecv.THRESHOLDS:
        labels = cecv.clusters(efms, threshold, rule="complete-linkage")
        shuffled = np.empty_like(labels)
        shuffled[order] = cecv.clusters(efms[order], threshold, rule="complete-linkage")
        assert partition(labels) == partition(shuffled)
        for members in partition(labels):
            inside = efms[sorted(members)]
            assert np.abs(inside[:, None] - inside[None]).max() <= threshold


@pytest.mark.parametrize("rule", RULES)
def test_several_thresholds_at_once_are_the_same_as_one_by_one_in_any_order(rule):
    efms = made_up_efms(200, 4)
    thresholds = [0.3, 0.05, 0.4, 0.1]
    together = cecv.clusters(efms, thresholds, rule)
    assert together.shape == (4, 200)
    for labels, threshold in zip(together, thresholds, strict=True):
        assert_array_equal(labels, cecv.clusters(efms, threshold, rule))


@pytest.mark.parametrize("rule", RULES)
def test_labels_count_up_by_first_appearance(rule):
    labels = cecv.clusters(made_up_efms(150, 5), 0.2, rule)
    _, first = np.unique(labels, return_index=True)
    assert labels.max() > 3
    assert (np.diff(first) > 0).all()
    assert_array_equal(np.unique(labels), np.arange(labels.max() + 1))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_degenerate_cases_of_clustering(rule, size):
    one = made_up_efms(1, size)
    assert cecv.clusters(one, 0.05, rule).tolist() == [0]
    assert cecv.clusters(np.repeat(one, 5, axis=0), 0.05, rule).tolist() == [0] * 5
    assert cecv.clusters(np.empty((0, size, size)), 0.05, rule).shape == (0,)
    twice = np.repeat(made_up_efms(40, size), 2, axis=0)
    labels = cecv.clusters(twice, 0.05, rule)
    assert_array_equal(labels[::2], labels[1::2])
    if size == 1:
        assert labels.max() == 0


def test_what_cannot_be_clustered_is_refused():
    efms = made_up_efms(5, 3)
    with pytest.raises(cecv.CECVError, match="choose one of published, leader, complete-linkage"):
        cecv.clusters(efms, 0.1, rule="k-means")
    for threshold in (0.0, -0.1, np.nan, [0.1, 0.0]):
        with pytest.raises(cecv.CECVError, match="must be positive"):
            cecv.clusters(efms, threshold)
    with pytest.raises(cecv.CECVError, match=r"not \(3, 3\)"):
        cecv.clusters(efms[0], 0.1)
    efms[3, 0, 1] = np.nan
    with pytest.raises(cecv.CECVError, match="compound 3 holds NaN"):
        cecv.clusters(efms, 0.1)
    efms[3, 0, 1] = 0.7
    with pytest.raises(cecv.CECVError, match="compound 3 is not a correlation matrix"):
        cecv.clusters(efms, 0.1)


# --------------------------------------------------------------------------------------------------- CECV


def test_sizes_outside_the_paper_come_in_only_when_asked_for():
    rng = np.random.default_rng(0)
    outputs = [rng.normal(size=(size, 8)) for size in (1, 2, 3, 3, 8)]
    assert cecv.cecv(outputs).n_compounds == 2
    with_binary = cecv.cecv(outputs, sizes=(2, 3), rule="leader")
    assert with_binary.n_compounds == 3
    assert with_binary.by_size.columns.tolist() == [2, 3]
    assert (with_binary.by_size[2] == 1).all()
    with pytest.raises(cecv.CECVError, match="no compound of 4 or 5 elements"):
        cecv.cecv(outputs, sizes=(4, 5))
    with pytest.raises(cecv.CECVError, match="at least one threshold"):
        cecv.cecv(outputs, thresholds=())


def test_table_holds_sizes_sum_and_normalised_count():
    table = cecv.CECV.from_efms({3: on_a_line([0, 0.5], 3), 4: on_a_line([0, 0.2])}, thresholds=(0.1, 0.3)).table()
    assert table.columns.tolist() == ["N=3", "N=4", "clusters", "compounds", "normalised"]
    assert table.loc[0.1].tolist() == [2, 2, 4, 4, 1.0]
    assert table.loc[0.3].tolist() == [2, 1, 3, 4, 0.75]


# ---------------------------------------------------------------------------------------------- distances


def with_counts(counts, n=10):
    thresholds = tuple(0.1 * (k + 1) for k in range(len(counts)))
    return cecv.CECV(thresholds, (3,), np.array(counts)[:, None], np.array([n]), "published")


def test_distances_by_hand():
    table = cecv.distances({"a": with_counts([3, 1]), "b": with_counts([1, 1]), "c": with_counts([1, 3])})
    # a normalises to (3/4, 1/4), b to (1/2, 1/2), c to (1/4, 3/4); the middle of a and b is (5/8, 3/8).
    a_b = table.loc[("a", "b")]
    assert a_b["kullback_leibler"] == pytest.approx(0.75 * np.log2(1.5) - 0.25)
    to_middle = 0.75 * np.log2(6 / 5) + 0.25 * np.log2(2 / 3), 0.5 * np.log2(4 / 5) + 0.5 * np.log2(4 / 3)
    assert a_b["jensen_shannon"] == pytest.approx(sum(to_middle) / 2)
    assert table.loc[("b", "a"), "kullback_leibler"] == pytest.approx(0.5 * np.log2(2 / 3) + 0.5)
    assert (a_b["euclidean"], a_b["manhattan"]) == (2, 2)
    assert a_b["cosine"] == pytest.approx(4 / np.sqrt(20))
    assert np.isnan(a_b["pearson"])
    a_c = table.loc[("a", "c")]
    assert a_c["kullback_leibler"] == pytest.approx(0.5 * np.log2(3))
    assert (a_c["euclidean"], a_c["manhattan"]) == (pytest.approx(np.sqrt(8)), 4)
    assert (a_c["cosine"], a_c["pearson"]) == (pytest.approx(0.6), pytest.approx(-1))


def test_distances_of_a_cecv_from_itself_and_as_a_matrix():
    table = cecv.distances([with_counts([9, 4, 2]), with_counts([5, 4, 3])])
    assert_allclose(table.loc[(0, 0)], [0, 0, 0, 0, 1, 1], atol=1e-12)
    matrix = table["jensen_shannon"].unstack()  # noqa: PD010 (there is nothing to aggregate)
    assert matrix.shape == (2, 2)
    assert matrix.loc[0, 1] == pytest.approx(matrix.loc[1, 0])


def test_distances_of_normalised_cecvs_and_what_they_refuse():
    pair = [with_counts([8, 4], n=10), with_counts([4, 2], n=5)]
    assert cecv.distances(pair).loc[(0, 1), "manhattan"] == 6
    assert cecv.distances(pair, of="normalised").loc[(0, 1), "manhattan"] == pytest.approx(0)
    with pytest.raises(cecv.CECVError, match="'counts' or 'normalised'"):
        cecv.distances(pair, of="sum")
    with pytest.raises(cecv.CECVError, match="different thresholds"):
        cecv.distances([with_counts([8, 4]), with_counts([8, 4, 2])])


# -------------------------------------------------------------------------------------------------- bands


def test_the_band_does_not_fall_below_the_count_as_a_bootstrap_with_duplicates_does():
    # Isolated compounds: with 50 or with 40 of them, each is a cluster, so the count is certain.
    efms = on_a_line(np.linspace(-1, 1, 50))
    band = cecv.subsample_band({4: efms}, seed=0, thresholds=[0.01])
    assert_array_equal(band.cecv.counts, [50])
    assert_array_equal([band.low, band.high], [[50], [50]])
    assert (band.replicates == 40).all()
    resample = np.sort(np.random.default_rng(0).integers(50, size=50))
    assert cecv.clusters(efms[resample], 0.01).max() + 1 < 40


def test_the_band_has_the_width_of_the_true_sampling_spread_or_somewhat_more():
    thresholds = [0.1, 0.3]
    counts = [cecv.CECV.from_efms({3: _drawn(100, seed)}, thresholds, "leader").counts for seed in range(200)]
    bands = [
        cecv.subsample_band({3: _drawn(100, seed)}, seed, thresholds, "leader", n_replicates=40) for seed in range(40)
    ]
    errors = np.mean([(band.replicates.std(axis=0, ddof=1) * 100 / 40) for band in bands], axis=0)
    ratio = errors / np.std(counts, axis=0)
    assert ((ratio > 0.9) & (ratio < 2.5)).all()
    expected = np.mean(counts, axis=0)
    covered = np.mean([(band.low <= expected) & (expected <= band.high) for band in bands], axis=0)
    assert (covered >= 0.85).all()


def _drawn(n, seed):
    """EFMs of n compounds drawn anew from one population of environments, some common and some rare."""
    centres = np.random.default_rng(99).normal(size=(40, 3, 16))
    weights = 1 / np.arange(1, 41)
    rng = np.random.default_rng(seed)
    kinds = rng.choice(40, size=n, p=weights / weights.sum())
    return cecv.efm(centres[kinds] + 0.2 * rng.normal(size=(n, 3, 16)))


def test_bands_over_several_sizes_repeat_with_the_seed():
    efms = {3: made_up_efms(40, 3), 5: made_up_efms(30, 5), 6: np.empty((0, 6, 6))}
    for make in (cecv.subsample_band, cecv.shuffle_band):
        first, again, other = (make(efms, seed=seed, n_replicates=5) for seed in (1, 1, 2))
        assert_array_equal(first.replicates, again.replicates)
        assert not np.array_equal(first.replicates, other.replicates)
        assert (first.low <= first.high).all()
        table = first.table()
        assert_allclose(table["normalised_high"], first.high / 70)
        assert table["clusters"].tolist() == cecv.CECV.from_efms(efms).counts.tolist()


def test_shuffle_band_by_hand():
    # The middle one leads all three; either end leads the middle only: 1 cluster or 2, by the order.
    efms = {4: on_a_line([0.0, 0.2, 0.4])}
    band = cecv.shuffle_band(efms, seed=0, thresholds=[0.25], rule="leader")
    assert set(band.replicates.ravel()) == {1, 2}
    assert (band.low[0], band.high[0]) == (1, 2)
    assert 0.2 < np.mean(band.replicates == 1) < 0.5  # one order in three
    steady = cecv.shuffle_band({4: made_up_efms(30, 4)}, seed=0, rule="complete-linkage", n_replicates=5)
    assert_array_equal(steady.low, steady.high)


def test_bands_refuse_what_they_cannot_be_made_of():
    efms = {3: made_up_efms(10, 3)}
    for wrong in ({"fraction": 1.0}, {"n_replicates": 1}, {"level": 95}):
        with pytest.raises(cecv.CECVError):
            cecv.subsample_band(efms, seed=0, **wrong)
    with pytest.raises(cecv.CECVError, match="single compound"):
        cecv.subsample_band({3: made_up_efms(1, 3)}, seed=0)


# ------------------------------------------------------------------------------- layers of foreign networks

LENGTHS = [3, 5, 2, 4]
WIDTH, D = 6, 8


def padded_batch(seed=0):
    """Features (B, N, d) of four compounds, of unequal size, with noise where they are padded."""
    return torch.randn(len(LENGTHS), WIDTH, D, generator=torch.Generator().manual_seed(seed))


def read(model, *inputs, layers="auto", layout=None, width=WIDTH):
    model.eval()
    with cecv.LayerReader(model, layers, layout) as reader, torch.no_grad():
        model(*inputs)
        return reader.outputs(LENGTHS, width)


def assert_is(arrays, batch_first):
    """The arrays are the real positions of a (B, N, d) tensor, compound by compound."""
    assert [len(array) for array in arrays] == LENGTHS
    for array, row in zip(arrays, batch_first, strict=True):
        assert_allclose(array, row[: len(array)].detach().numpy(), rtol=0, atol=1e-6)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_layers_return_tuples_and_say_themselves_which_axis_is_the_batch(kind, batch_first):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = kind(D, 5, num_layers=2, bidirectional=True, batch_first=batch_first)
            self.head = nn.Linear(10, 1)

        def forward(self, x):
            return self.head(self.rnn(x if batch_first else x.transpose(0, 1))[0])

    model, x = Network(), padded_batch()
    outputs = read(model, x)
    assert list(outputs) == ["rnn"]
    expected = model.rnn(x)[0] if batch_first else model.rnn(x.transpose(0, 1))[0].transpose(0, 1)
    assert_is(outputs["rnn"], expected)


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_returns_a_tuple(batch_first):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = nn.MultiheadAttention(D, 2, batch_first=batch_first)

        def forward(self, x):
            x = x if batch_first else x.transpose(0, 1)
            return self.mix(x, x, x)

    model, x = Network(), padded_batch()
    result = model.eval()(x)[0]
    assert_is(read(model, x)["mix"], result if batch_first else result.transpose(0, 1))


class PackedLSTM(nn.Module):
    def __init__(self, full_length=False, sort_by_hand=False):
        super().__init__()
        self.lstm = nn.LSTM(D, 4, bidirectional=True, batch_first=True)
        self.full_length, self.sort_by_hand = full_length, sort_by_hand

    def forward(self, x):
        lengths = torch.full((len(x),), WIDTH) if self.full_length else torch.tensor(LENGTHS)
        if self.sort_by_hand:
            order = lengths.argsort(descending=True)
            packed = pack_padded_sequence(x[order], lengths[order], batch_first=True)
        else:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.lstm(packed)[0].data.sum()


def test_packed_outputs_come_back_in_the_order_of_the_compounds():
    model, x = PackedLSTM(), padded_batch()
    outputs = read(model, x)["lstm"]
    for array, row, length in zip(outputs, x, LENGTHS, strict=True):
        assert_allclose(array, model.lstm(row[None, :length])[0][0].detach(), atol=1e-6)


def test_packed_outputs_that_hold_padding_lose_it():
    model, x = PackedLSTM(full_length=True), padded_batch()
    assert_is(read(model, x)["lstm"], model.lstm(x)[0])


def test_packed_outputs_that_were_sorted_behind_our_back_are_refused():
    with pytest.raises(cecv.LayerError, match="sorted without unsorted_indices"):
        read(PackedLSTM(sort_by_hand=True), padded_batch())


def transformer(batch_first=True):
    layer = nn.TransformerEncoderLayer(D, 2, dim_feedforward=16, batch_first=batch_first)
    return nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=batch_first)


def test_transformer_layers_are_read_in_eval_mode_in_spite_of_the_fused_path():
    model, x = transformer(), padded_batch()
    padding = torch.arange(WIDTH) >= torch.tensor(LENGTHS)[:, None]
    assert torch.backends.mha.get_fastpath_enabled()
    outputs = read(model, x, None, padding)
    assert list(outputs) == ["layers.0", "layers.1"]
    for array, row, length in zip(outputs["layers.1"], x, LENGTHS, strict=True):
        assert_allclose(array, model(row[None, :length])[0].detach(), atol=1e-5)
    inside = read(model, x, None, padding, layers=["layers.*.self_attn", "layers.1.norm2"])
    assert list(inside) == ["layers.0.self_attn", "layers.1.self_attn", "layers.1.norm2"]
    assert_is(inside["layers.1.norm2"], [torch.tensor(array) for array in outputs["layers.1"]])
    assert torch.backends.mha.get_fastpath_enabled()


def test_transformer_with_the_batch_on_the_second_axis():
    model, x = transformer(batch_first=False), padded_batch().transpose(0, 1)
    assert_is(read(model, x)["layers.1"], model(x).transpose(0, 1))
    # A plain layer inside does not know: it has to be said.
    with pytest.raises(cecv.LayerError, match="layout="):
        read(model, x, layers="layers.0.linear1")
    said = read(model, x, layers="layers.0.linear1", layout="NBd")["layers.0.linear1"]
    assert [array.shape for array in said] == [(length, 16) for length in LENGTHS]


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(D, D, 3, padding=1)

    def forward(self, x):
        return x + self.conv(x.transpose(1, 2)).transpose(1, 2)


class ConvolutionalNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(D, D, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv1d(D, D, 3, padding=1), nn.ReLU(inplace=True)) for _ in range(2)
        )
        self.residual = Residual()

    def forward(self, x):
        x = torch.relu_(self.first(x.transpose(1, 2)))
        for block in self.blocks:
            x = block(x)
        return self.residual(x.transpose(1, 2))


def test_convolutional_blocks_are_read_whichever_axis_they_put_first():
    model, x = ConvolutionalNetwork(), padded_batch()
    outputs = read(model, x)
    assert list(outputs) == ["first", "blocks.0", "blocks.1", "residual"]
    # The layer's own output, though the network overwrites it in place.
    assert_is(outputs["first"], model.first(x.transpose(1, 2)).transpose(1, 2))
    assert min(array.min() for array in outputs["first"]) < 0
    assert_is(outputs["residual"], model(x))


def test_a_convolutional_block_of_ambiguous_shape_has_to_be_told():
    model, x = ConvolutionalNetwork(), torch.randn(4, D, D)
    with pytest.raises(cecv.LayerError, match=r"layout=\{'blocks.0': 'BdN'\}"):
        read(model, x, width=D)
    outputs = read(model, x, width=D, layout={"blocks.*": "BdN", "residual": "BNd"})
    assert_is(outputs["residual"], model(x))
    with pytest.raises(cecv.LayerError, match="unknown layout 'NCL'"):
        read(model, x, layout="NCL")


class SoftAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(D, D), nn.ReLU(), nn.Linear(D, 1))

    def forward(self, x):
        return x * (1 + self.score(x).softmax(dim=1)), "weights"


class Marked(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.cecv_layer = name
        self.lstm = nn.LSTM(D, D // 2, bidirectional=True, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


class Fusion(nn.Module):
    """A chain in which one attention module serves twice and blocks carry the paper's names."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Marked("LSTM output"), Marked("GRU output")])
        self.attention = SoftAttention()

    def forward(self, x):
        for block in self.blocks:
            x = self.attention(block(x))[0]
        return x.mean(dim=1)


def test_a_module_that_is_called_twice_is_reported_twice_in_order():
    model, x = Fusion(), padded_batch()
    outputs = read(model, x)
    assert list(outputs) == ["LSTM output", "attention#1", "GRU output", "attention#2"]
    after_first = model.attention(model.blocks[0](x))[0]
    assert_is(outputs["attention#1"], after_first)
    assert_is(outputs["attention#2"], model.attention(model.blocks[1](after_first))[0])


def test_layers_are_asked_for_by_paper_name_path_or_pattern():
    model, x = Fusion(), padded_batch()
    assert list(read(model, x, layers="* output")) == ["LSTM output", "GRU output"]
    assert list(read(model, x, layers=["GRU output", "blocks.0.*"])) == ["blocks.0.lstm", "GRU output"]
    with pytest.raises(cecv.LayerError, match=r"'encoder.0' in Fusion, which has:.*blocks.0 \(LSTM output\)"):
        cecv.LayerReader(model, ["LSTM output", "encoder.0"])
    with pytest.raises(cecv.LayerError, match="no layer was found"):
        cecv.LayerReader(nn.Sequential(nn.Linear(4, 4)))
    with pytest.raises(cecv.LayerError, match="no layer was asked for"):
        cecv.LayerReader(model, [])


def test_a_bare_layer_is_a_network_too():
    model, x = nn.GRU(D, 3, batch_first=True), padded_batch()
    assert_is(read(model, x)["GRU"], model(x)[0])


def test_a_reader_gives_the_latest_pass_once_and_leaves_no_hook_behind():
    model, x = Fusion().eval(), padded_batch()
    with cecv.LayerReader(model) as reader:
        with pytest.raises(cecv.LayerError, match="it was not called since the last reading"):
            reader.outputs(LENGTHS, WIDTH)
        model(padded_batch(seed=1))
        model(x)
        outputs = reader.outputs(LENGTHS, WIDTH)
        assert_is(outputs["LSTM output"], model.blocks[0](x))
        model(x)
    assert list(outputs) == ["LSTM output", "attention#1", "GRU output", "attention#2"]
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failing_network_leaves_no_hook_behind(error):
    model = Fusion()

    def fail(*_):
        raise error

    handle = model.attention.register_forward_hook(fail)
    with pytest.raises(error), cecv.LayerReader(model):
        model(padded_batch())
    handle.remove()
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    assert torch.backends.mha.get_fastpath_enabled()


class Returning(nn.Module):
    """A network whose only layer returns what it is told to."""

    class Layer(nn.Module):
        def forward(self, make, x):
            return make(x)

    def __init__(self, make):
        super().__init__()
        self.layer, self.make = self.Layer(), make

    def forward(self, x):
        self.layer(self.make, x)


def test_what_is_not_one_row_a_position_is_refused_by_name():
    x = padded_batch()
    pooled, named = Returning(lambda x: x.mean(dim=1)), Returning(lambda x: {"out": x})
    for model, message in ((pooled, r"layer layer returned shape \(4, 8\)"), (named, "layer layer returned dict")):
        with pytest.raises(cecv.LayerError, match=message):
            read(model, x, layers="layer")
    with pytest.raises(cecv.LayerError, match="N = 5 positions"):
        read(Returning(lambda x: x), x, layers="layer", width=None)
    with pytest.raises(cecv.LayerError, match="positive whole number"):
        cecv.LayerReader(pooled, "layer").outputs([3.5, 2.0])


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_half_precision_nested_and_list_outputs_are_read():
    x = padded_batch()
    half = read(Returning(lambda x: [x.bfloat16()]), x, layers="layer")["layer"]
    assert half[0].dtype == np.float32
    assert_is(half, x.bfloat16().float())
    ragged = torch.nested.nested_tensor([row[:length] for row, length in zip(x, LENGTHS, strict=True)])
    assert_is(read(Returning(lambda _: ragged), x, layers="layer")["layer"], x)


def test_a_packed_sequence_without_indices_is_taken_in_its_own_order():
    x = padded_batch()
    packed = pack_padded_sequence(x, torch.full((4,), WIDTH), batch_first=True)
    bare = PackedSequence(packed.data, packed.batch_sizes)
    assert_is(read(Returning(lambda _: bare), x, layers="layer")["layer"], x)


# ------------------------------------------------------------------------------------- layers of our networks

PAPER_NAMES = {
    "LSTM": ["LSTM output"],
    "DCNN": ["DCNN block 1", "DCNN block 2", "DCNN block 3"],
    "L-G-DCNN": [
        "LSTM output",
        "soft attention#1",
        "GRU output",
        "soft attention#2",
        "DCNN block 1",
        "DCNN block 2",
        "DCNN block 3",
    ],
    "CrabNet": ["transformer layer 1", "transformer layer 2", "transformer layer 3"],
}


def composition_batch():
    """Atomic numbers and fractions (B, N) of four compounds, of the lengths above."""
    real = torch.arange(WIDTH) < torch.tensor(LENGTHS)[:, None]
    src = torch.where(real, torch.arange(1, 4 * WIDTH + 1).reshape(4, WIDTH), 0)
    frac = torch.where(real, torch.arange(WIDTH, 0, -1.0), 0.0)
    return src, frac / frac.sum(dim=1, keepdim=True)


@pytest.mark.parametrize("name", PAPER_NAMES)
def test_layers_of_our_networks_have_the_names_of_the_paper_and_real_positions_only(name):
    model = build(name, seed=0).eval()
    src, frac = composition_batch()
    lengths = torch.tensor(LENGTHS)
    exact = [pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False) for x in (src, frac)]
    outputs = read(model, *exact)
    assert list(outputs) == PAPER_NAMES[name]
    assert list(read(model, src, frac)) == PAPER_NAMES[name]
    for row, length in enumerate(LENGTHS):
        with cecv.LayerReader(model) as reader, torch.no_grad():
            model(src[[row], :length], frac[[row], :length])
            alone = reader.outputs([length])
        for layer, arrays in outputs.items():
            assert_allclose(arrays[row], alone[layer][0], atol=1e-5)


def test_the_published_setting_is_read_without_its_padding():
    model = build("LSTM", seed=0).eval()
    src, frac = composition_batch()
    embedded = model.embedding(src, frac).transpose(0, 1)
    expected = model.blocks["LSTM"].rnn(embedded)[0].transpose(0, 1)
    assert_is(read(model, src, frac)["LSTM output"], expected)


# ---------------------------------------------------------------------------------------------- streaming


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
