"""Purity of nearest neighbours and its null, and the verdict on the fusion that rests on them."""

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core.companion.claims import Outcome, fusion_comprehends
from lgdcnn_core.companion.readings import purity

LINE = np.array([[0.0], [1.0], [2.1], [10.0], [11.0], [12.1]])
"""Two groups of three points on a line."""


def test_the_purity_of_six_points_is_that_counted_by_hand():
    neighbours = purity.nearest(LINE, 2)
    np.testing.assert_array_equal(np.sort(neighbours), [[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]])
    # The third point carries the other group's label: it agrees with neither neighbour, its neighbours with one.
    np.testing.assert_array_equal(purity.shares(neighbours, list("aabbbb")), [0.5, 0.5, 0, 1, 1, 1])


def test_a_point_with_few_others_has_them_all_as_neighbours():
    np.testing.assert_array_equal(np.sort(purity.nearest(LINE[:3], 10)), [[1, 2], [0, 2], [0, 1]])


def test_the_most_similar_are_the_others_with_the_highest_similarity():
    similarities = [[1, 0.2, 0.9], [0.2, 1, -0.5], [0.9, -0.5, 1]]
    np.testing.assert_array_equal(purity.most_similar(similarities, 1), [[2], [0], [0]])
    assert similarities[0][0] == 1


def test_the_mean_of_the_null_is_the_share_of_pairs_with_the_same_label():
    rng = np.random.default_rng(1)
    labels = np.repeat(["a", "b", "c"], [60, 30, 10])
    found = purity.permuted(purity.nearest(rng.normal(size=(100, 4)), 5), labels)
    # 1,770 + 435 + 45 of 4,950 pairs.
    expected = 2250 / 4950
    error = (found.high - found.low) / (2 * 1.96) / np.sqrt(purity.PERMUTATIONS)
    assert 0 < error < 0.01
    assert found.null == pytest.approx(expected, abs=4 * error)
    assert found.low < found.share < found.high
    assert found.p > 0.05


def test_labels_that_the_neighbours_follow_have_the_smallest_possible_p():
    points = np.concatenate([LINE, LINE + 100, LINE + 200])
    found = purity.permuted(purity.nearest(points, 5), np.repeat([0, 1, 2], 6), permutations=99)
    assert (found.share, found.n) == (1, 18)
    assert found.p == pytest.approx(0.01)
    assert found.high < 1


def test_labels_that_are_all_alike_have_a_p_of_one():
    found = purity.permuted(purity.nearest(LINE, 2), ["a"] * 6, permutations=20)
    assert (found.share, found.null, found.low, found.high, found.p) == (1, 1, 1, 1, 1)


def test_labels_are_permuted_within_their_strata_only():
    """Each stratum has one label: every permutation is the same, whatever the order of the points."""
    shuffled = np.random.default_rng(0).permutation(6)
    points, strata = LINE[shuffled], np.repeat([3, 7], 3)[shuffled]
    found = purity.permuted(purity.nearest(points, 2), strata, strata, permutations=50)
    assert (found.share, found.null, found.p) == (1, 1, 1)
    assert purity.permuted(purity.nearest(points, 2), strata, permutations=50).null < 1


def test_permutations_are_the_same_for_the_same_seed():
    neighbours = purity.nearest(LINE, 2)
    one, same, other = (purity.permuted(neighbours, list("aaabbb"), seed=seed, permutations=200) for seed in (1, 1, 2))
    assert one == same
    assert one != other


# The verdict on the fusion


def shares(fusion, parts, n=40):
    """Shares of n compounds in the last layers: a mean with some spread."""
    spread = np.tile([-0.1, 0.1], n // 2)
    means = {"L-G-DCNN": fusion, **parts}
    first = dict.fromkeys(means, 0.2) | {"L-G-DCNN": 0.95}
    return {name: pd.DataFrame({"first": first[name], "last": mean + spread}) for name, mean in means.items()}


PARTS = dict.fromkeys(fusion_comprehends.PARTS, 0.5)


def judged(*cases):
    found = {("CritExam__Ef", f"X{number}"): case for number, case in enumerate(cases)}
    last = fusion_comprehends.differences(found)
    return fusion_comprehends.verdict(last, fusion_comprehends.between_purest(found)), last


def test_differences_are_taken_compound_by_compound():
    _, last = judged(shares(0.7, PARTS))
    assert last["part"].tolist() == list(fusion_comprehends.PARTS)
    # All compounds differ alike, so that the paired interval has no width, though the shares spread.
    np.testing.assert_allclose(last[["difference", "low", "high"]], 0.2)
    np.testing.assert_allclose(last[["fusion", "alone"]], [[0.7, 0.5]] * 4)
    assert set(last["n"]) == {40}


def test_a_fusion_above_every_part_in_many_cases_is_reproduced_and_below_every_part_is_not():
    found, _ = judged(*[shares(0.7, PARTS)] * 9)
    assert found.outcome is Outcome.REPRODUCED
    assert [(each.value, each.n) for each in found.ours] == [(9, 9)] * 4
    assert "than LSTM's in 9 of 9 cases (less pure in 0), DCNN's in 9 (0)" in found.detail
    assert "purer than in the last layer of 4 of its 4 parts" in found.sentence
    assert "+20.0 (LSTM)" in found.detail
    # Between the purest layers: 0.95 of the first layer against 0.5 of the last.
    assert "they are +45.0, +45.0, +45.0 and +45.0." in found.detail
    assert judged(*[shares(0.3, PARTS)] * 9)[0].outcome is Outcome.NOT_REPRODUCED


def test_a_fusion_above_some_parts_is_in_part():
    found, _ = judged(*[shares(0.7, PARTS | {"LSTM": 0.9})] * 9)
    assert found.outcome is Outcome.IN_PART
    assert "than LSTM's in 0 of 9 cases (less pure in 9)" in found.detail


def test_cases_that_compounds_do_not_decide_or_too_few_of_them_leave_the_claim_open():
    assert judged(*[shares(0.5, PARTS)] * 9)[0].outcome is Outcome.OPEN
    # Three of three: Wilson's interval of the share, 0.44 to 1, holds one half.
    assert judged(*[shares(0.7, PARTS)] * 3)[0].outcome is Outcome.OPEN


def test_without_all_parts_the_claim_cannot_be_tested():
    found, table = fusion_comprehends.of_readings({})
    assert found.outcome is Outcome.NOT_TESTABLE
    assert table.empty
