"""What is said of CECVs and of layers, from made-up counts."""

import numpy as np
import pandas as pd

from lgdcnn_core import cecv
from lgdcnn_core.companion.readings import verdicts


def vector(counts, rule="published"):
    counts = np.array(counts)[:, None]
    return cecv.CECV((0.1, 0.2), (3,), counts, np.array([10]), rule)


def test_the_verdict_on_local_and_global_counts_cases():
    right = {"local": vector([8, 4]), "global": vector([4, 2]), "fusion": vector([5, 3])}
    wrong = {"local": vector([8, 1]), "global": vector([4, 2]), "fusion": vector([9, 3])}
    said = verdicts.local_and_global({"a": right, "b": wrong}, "local", "global")
    assert "local network in **1 of 2**" in said
    assert "global one in **2 of 2**" in said
    assert "every threshold in 1 of 2" in said


def test_the_verdict_on_distance_names_the_nearest():
    away = pd.DataFrame({"a": {"fusion": 0.1, "other": 0.0}, "b": {"fusion": 0.2, "other": 0.3}})
    said = verdicts.nearest(away, "fusion")
    assert "fusion is the nearest to the target region in **1 of 2**" in said
    assert "1 curves lie in it altogether" in said


def test_the_verdict_on_order_gives_the_width_of_the_band():
    band = cecv.Band(vector([5, 2]), np.array([4, 2]), np.array([6, 2]), np.array([[4, 2], [6, 2]]), 0.95)
    said = verdicts.order_matters(band)
    assert "**0 to 40 %**" in said
    assert "+0 to +0 %" in said


def test_the_verdict_on_rules_says_that_a_count_rises():
    said = verdicts.rule_matters({"published": vector([4, 5]), "leader": vector([2, 5], "leader")})
    assert "leader has 0.50 to 1.00 times" in said
    assert "rises with the threshold at 1 of 1 steps" in said
    assert "rises" not in verdicts.rule_matters({"published": vector([5, 4]), "leader": vector([2, 5])})


def test_our_vector_beside_the_published_one():
    ours = vector([20, 5])
    band = cecv.Band(ours, np.array([9, 5]), np.array([11, 5]), np.array([[9, 5], [11, 5]]), 0.95)
    said = verdicts.beside_published(ours, [10, 4], [band], "1 epoch")
    assert "Published: 10, 4. Ours: **20, 5**, of 10 compounds" in said
    assert "1.25 to 2.00 times" in said
    assert "within our bands at 1 of 2 thresholds" in said


def test_the_verdict_on_layers_says_what_is_by_chance():
    order = pd.DataFrame(
        {"same_group": [0.3, 0.4, 0.5], "same_environment": [None, 0.6, 0.7], "neighbour_error": [None, 0.9, 0.5]},
        index=["embedding", "first", "last"],
    )
    said = "\n".join(verdicts.order_of_layers(order, {"same_group": 0.1, "same_environment": 0.2}, "Si"))
    assert "30% are of its group in the layer 'embedding' and 50% in 'last' (by chance 10%)" in said
    assert "60% are in the same kind" in said
    assert "they do, more than by chance" in said
