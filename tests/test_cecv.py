import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from lgdcnn_core import cecv

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
