"""Verdicts on CECVs and on layers, from made-up counts."""

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core import cecv
from lgdcnn_core.companion.claims import Outcome, cecv_vector, embeddings_order, local_layers


def vector(counts, rule="published"):
    counts = np.array(counts)[:, None]
    return cecv.CECV((0.1, 0.2), (3,), counts, np.array([10]), rule)


def test_the_verdicts_on_the_local_and_the_global_network_count_cases():
    right = {"local": vector([8, 4]), "global": vector([4, 2]), "fusion": vector([5, 3])}
    wrong = {"local": vector([8, 1]), "global": vector([4, 2]), "fusion": vector([9, 3])}
    highest, lowest = local_layers.highest_and_lowest({"a": right, "b": wrong}, "local", "global")
    assert "local has the highest CECV in 1 of 2 cases" in highest.sentence
    assert highest.detail == "It lies above global at every threshold in 1."
    assert "global has the lowest CECV in 2 of 2 cases." in lowest.sentence
    assert (highest.outcome, lowest.outcome) == (Outcome.IN_PART, Outcome.REPRODUCED)
    assert [(each.ours[0].value, each.ours[0].n) for each in (highest, lowest)] == [(1, 2), (2, 2)]


def test_a_claim_that_holds_in_no_case_is_not_reproduced_and_names_the_network_that_wins():
    wrong = {"local": vector([1, 1]), "global": vector([4, 2]), "fusion": vector([9, 3])}
    highest, lowest = local_layers.highest_and_lowest({"a": wrong}, "local", "global")
    assert (highest.outcome, lowest.outcome) == (Outcome.NOT_REPRODUCED, Outcome.NOT_REPRODUCED)
    assert "in 0 of 1 cases (mostly fusion)" in highest.sentence
    assert {each.outcome for each in local_layers.highest_and_lowest({})} == {Outcome.NOT_TESTABLE}


def test_depth_is_told_by_the_first_and_the_last_layer():
    falling, rising = {"one": vector([8, 4]), "two": vector([4, 2])}, {"one": vector([4, 2]), "two": vector([8, 4])}
    found = local_layers.by_depth({("A", "a"): falling, ("A", "b"): rising, ("B", "a"): rising})
    assert found.endswith("depth lowers A's CECV on 1 of 2 data sets and B's CECV on 0 of 1 data sets.")


def test_the_verdict_on_distance_counts_cases_and_names_the_nearest():
    away = pd.DataFrame({"a": {"fusion": 0.1, "other": 0.0}, "b": {"fusion": 0.2, "other": 0.3}})
    found = local_layers.nearest(away, "fusion")
    assert "fusion comes nearest in 1 of 2 cases" in found.sentence
    assert found.detail == "1 curve lies in the region altogether."
    assert found.outcome is Outcome.IN_PART


def test_the_verdict_on_order_gives_the_width_of_the_band():
    band = cecv.Band(vector([5, 2]), np.array([4, 2]), np.array([6, 2]), np.array([[4, 2], [6, 2]]), 0.95)
    found = cecv_vector.order_of_compounds(band)
    assert [each.value for each in found.ours] == [0, 40]
    assert "over 0 to 40 % of their mean" in found.sentence
    assert "lies +0 % from the mean" in found.detail
    assert found.outcome is Outcome.IN_PART


def test_counts_that_never_move_do_not_depend_on_the_order_and_those_that_always_do_depend_on_it():
    still = cecv.Band(vector([5, 2]), np.array([5, 2]), np.array([5, 2]), np.array([[5, 2], [5, 2]]), 0.95)
    assert cecv_vector.order_of_compounds(still).outcome is Outcome.REPRODUCED
    moving = cecv.Band(vector([5, 2]), np.array([4, 1]), np.array([6, 3]), np.array([[4, 1], [6, 3]]), 0.95)
    assert cecv_vector.order_of_compounds(moving).outcome is Outcome.NOT_REPRODUCED


def test_the_comparison_of_rules_says_that_a_count_rises():
    said = cecv_vector.rules({"published": vector([4, 5]), "leader": vector([2, 5], "leader")})
    assert "the leader rule finds 0.50 to 1.00 times as many clusters as the scan-order rule" in said
    assert "rises with the threshold at 1 of 1 steps" in said
    assert "rises" not in cecv_vector.rules({"published": vector([5, 4]), "leader": vector([2, 5])})


def test_our_vector_beside_the_printed_one():
    ours = vector([20, 5])
    band = cecv.Band(ours, np.array([9, 5]), np.array([11, 5]), np.array([[9, 5], [11, 5]]), 0.95)
    found = cecv_vector.printed_vector(ours, [10, 4], [band], "1 epoch")
    assert found.published == (10, 4)
    assert [(each.value, each.n, each.low, each.high) for each in found.ours] == [(20, 10, 9, 11), (5, 10, 5, 5)]
    assert "1.25 to 2.00 times" in found.sentence
    assert "within our bands at 1 of 2 thresholds" in found.detail
    assert found.outcome is Outcome.IN_PART
    assert cecv_vector.printed_vector(ours, [20, 5], [band], "1 epoch").outcome is Outcome.REPRODUCED
    assert cecv_vector.printed_vector(ours, [10, 6], [band], "1 epoch").outcome is Outcome.IN_PART
    assert cecv_vector.printed_vector(ours, [10, 5], [band], "1 epoch").outcome is Outcome.OPEN
    assert cecv_vector.printed_vector(ours, [50, 50], [band], "1 epoch").outcome is Outcome.NOT_REPRODUCED


def test_vectors_of_one_shape_have_no_divergence():
    said = cecv_vector.shape(vector([20, 8]), [10, 4])
    assert "Jensen-Shannon divergence 0.000 bits, cosine 1.000, Pearson 1.000" in said


def purities(high, untrained=float("nan")):
    """Purities of two layers, with the means of the null and its upper end."""
    rows = {
        ("group", "embedding"): (0.3, 0.1, 80),
        ("group", "first"): (0.4, 0.1, 80),
        ("group", "last"): (0.5, 0.1, 80),
        ("block", "embedding"): (0.8, 0.3, 80),
        ("block", "first"): (0.7, 0.3, 80),
        ("block", "last"): (0.6, 0.3, 80),
        ("environment", "first"): (0.6, 0.2, 900),
        ("environment", "last"): (0.7, 0.2, 900),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["share", "null", "n"])
    table.index = pd.MultiIndex.from_tuples(rows, names=["label", "layer"])
    return table.assign(low=0.05, high=high, p=0.001, untrained=untrained)


ERRORS = pd.Series([float("nan"), 0.9, 0.5], ["embedding", "first", "last"])


def test_layers_are_set_beside_chance():
    said = "\n".join(embeddings_order.layer_by_layer(purities(0.15), ERRORS, "Si"))
    assert "an element's group: 30 % in 'embedding' and 50 % in 'last' (by chance 10 %, 5 to 15 %)" in said
    assert "its block: 80 % in 'embedding' and 60 % in 'last' (by chance 30 %, 5 to 15 %)" in said
    assert "60 % of the nearest neighbours of Si in a compound are in the same kind" in said
    assert "by 0.90 of the mean absolute deviation in 'first', and by 0.50 in 'last'" in said


def test_a_map_is_remarked_with_its_purity_and_its_null():
    found = embeddings_order.remarks(purities(0.15), "environment", ["embedding", "last"])
    assert found == {"last": "70 % in the same environment\nby chance 20 %, 5 to 15 %"}
    assert embeddings_order.error_remarks(ERRORS, ["embedding", "last"]) == {"last": "error of neighbours' target 0.50"}


def test_the_table_has_a_row_for_each_layer_and_no_number_that_is_not_known():
    found = embeddings_order.table(purities(0.15, untrained=0.25))
    assert found.index.tolist() == ["embedding", "first", "last"]
    assert found.loc["embedding"].tolist() == [
        "30 %",
        "25 %",
        "10 % (5 to 15)",
        "0.001",
        "80 %",
        "25 %",
        "30 % (5 to 15)",
        "0.001",
        *"----",
    ]
    assert embeddings_order.table(purities(0.15)).loc["last", ("environment", "untrained")] == "-"


@pytest.mark.parametrize(
    ("high", "null", "outcome"),
    [
        (0.4, 0.1, Outcome.REPRODUCED),
        (0.6, 0.1, Outcome.IN_PART),
        (0.8, 0.1, Outcome.NOT_REPRODUCED),
    ],
)
def test_the_verdict_on_layers_is_that_the_last_is_above_the_range_of_chance(high, null, outcome):
    found = embeddings_order.verdict(purities(high).assign(null=null), "Si")
    assert found.outcome is outcome
    assert [(each.value, each.n) for each in found.ours] == [(50, 80), (70, 900)]
    assert found.detail == "In the embedding, before any layer, 30 % share its group."
    assert "untrained" not in found.sentence


def test_layers_gather_what_is_purer_than_before_the_training():
    found = embeddings_order.verdict(purities(0.4, untrained=0.65), "Si")
    assert found.sentence == (
        "50 % of an element's nearest neighbours share its group (by chance 10 %, untrained 65 %), "
        "70 % of those of Si its environment (20 %, untrained 65 %)."
    )
    outcomes = {untrained: embeddings_order.verdict(purities(0.4, untrained), "Si").outcome for untrained in (0.4, 0.7)}
    assert found.outcome is Outcome.IN_PART  # a group was purer before, an environment is purer now
    assert outcomes == {0.4: Outcome.REPRODUCED, 0.7: Outcome.NOT_REPRODUCED}
