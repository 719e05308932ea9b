"""The ledger: a verdict on each published number, and on all data sets together."""

import numpy as np
import pandas as pd
import pytest
from summaries import summary

from lgdcnn_core.companion.claims import Outcome, across_sets, by_set, csv_text, each_number, errors, tally
from lgdcnn_core.companion.claims.across_sets import compare, comparison_table

BULK, STEELS = "aflow__ael_bulk_modulus_vrh", "matbench_steels"
FAST = {"recipe": "fast", "setting": "exact", "epochs": 60}


def compared(*rows):
    """As `errors.against_published` with records: (dataset, fold, mean, half width, n, changes) beside 8.0."""
    table = summary(*((name, fold, "L-G-DCNN", mean, np.nan, n, changes) for name, fold, mean, _, n, changes in rows))
    beside = pd.DataFrame({"dataset": [BULK, STEELS], "model": "L-G-DCNN", "published": 8.0})
    widths = [width for *_, width, _, _ in rows]
    return errors.against_published(table, beside).assign(
        low=lambda each: each["mean"] - widths, high=lambda each: each["mean"] + widths
    )


def on_bulk(*rows):
    (found,) = each_number.verdicts(compared(*((BULK, None, *row) for row in rows)), pd.Series({BULK: 8.0}), 1)
    return found


@pytest.mark.parametrize(
    ("mean", "outcome"), [(7.9, Outcome.REPRODUCED), (8.4, Outcome.OPEN), (8.6, Outcome.NOT_REPRODUCED)]
)
def test_a_repeated_training_judges_either_way(mean, outcome):
    found = on_bulk((mean, 0.5, 1, {}))
    assert found.outcome is outcome
    assert found.published == (8.0,)
    assert (found.ours[0].low, found.ours[0].high) == pytest.approx((mean - 0.5, mean + 0.5))
    assert found.claim == "L-G-DCNN has a test MAE of 8 GPa on AFLOW Bulk modulus"


@pytest.mark.parametrize(
    ("mean", "outcome"), [(7.9, Outcome.REPRODUCED), (8.4, Outcome.OPEN), (8.6, Outcome.NOT_TESTABLE)]
)
def test_another_training_shows_that_a_number_is_reached_and_never_that_it_is_not(mean, outcome):
    found = on_bulk((mean, 0.5, 3, FAST))
    assert found.outcome is outcome
    assert f"{mean} GPa" in found.sentence


def test_a_repeated_training_judges_before_any_other():
    assert on_bulk((9.0, 0.5, 1, {}), (7.0, 0.5, 3, FAST)).outcome is Outcome.NOT_REPRODUCED


@pytest.mark.parametrize("change", [{"refit": True}, {"train_fraction": 0.5}, {"epochs": 12}, {"recipe": "transfer"}])
def test_only_the_whole_fast_recipe_counts_as_fast(change):
    found = on_bulk((7.0, 0.5, 1, FAST | change))
    assert found.outcome is Outcome.NOT_TESTABLE
    assert found.sentence == "Neither the paper recipe nor the fast one has been run on it."


def test_on_matbench_all_five_folds_are_needed_and_their_intervals_add_in_quadrature():
    folds = [(STEELS, fold, 8.0 + fold / 10, 0.5, 1, FAST) for fold in range(5)]
    (some,) = each_number.verdicts(compared(*folds[:4]), pd.Series({STEELS: 8.0}), 2)
    assert "on all 5 folds" in some.sentence
    (found,) = each_number.verdicts(compared(*folds), pd.Series({STEELS: 8.0}), 2)
    assert found.ours[0].value == pytest.approx(8.2)
    assert found.ours[0].low == pytest.approx(8.2 - 0.5 / 5**0.5)
    assert found.outcome is Outcome.OPEN


def test_distances_from_published_numbers_for_the_picture():
    table = by_set([on_bulk((8.4, 0.8, 1, {})), on_bulk()])
    assert table["label"].tolist() == ["AFLOW Bulk modulus"] * 2
    assert table.loc[0, ["percent", "low", "high"]].tolist() == pytest.approx([5, -5, 15])
    assert table.loc[1, ["percent", "low", "high"]].isna().all()


def test_a_tally_and_the_file():
    found = [on_bulk((7.9, 0.5, 1, {})), on_bulk(), on_bulk()]
    assert tally(found, "numbers") == "Of 3 numbers, 1 is reproduced and 2 are not testable here."
    first, row, *_ = csv_text(found).splitlines()
    assert first == "claim,by,tested,quantity,published,ours,verdict,sentence,detail,notebook"
    assert row.endswith("figures/notebooks/02_benchmark_table.ipynb")


# ------------------------------------------------------------------------------------- all data sets together


def records(values):
    """Rows of `runs.load_records` by the fast recipe, from {(dataset, fold, model): MAEs}."""
    rows = [
        {"dataset": dataset, "fold": fold, "model": model, "mae": mae, "refit": False, "train_fraction": 1.0}
        | (FAST if model in ("L-G-DCNN", "CrabNet") else {"recipe": "trees", "setting": "exact", "epochs": 1})
        for (dataset, fold, model), maes in values.items()
        for mae in maes
    ]
    return pd.DataFrame(rows).astype({"fold": "Int64", "epochs": "Int64"})


def test_the_probability_of_improvement_counts_pairs_of_runs_set_by_set():
    found = across_sets.scores(
        records(
            {
                # 3 of 4 pairs are better; then 1 of 2, and a tie in a fold of its own: (0.5 + 0.5) / 2.
                ("a", None, "L-G-DCNN"): [1.0, 3.0],
                ("a", None, "CrabNet"): [2.0, 4.0],
                ("b", 0, "L-G-DCNN"): [1.0, 3.0],
                ("b", 0, "CrabNet"): [2.0],
                ("b", 1, "L-G-DCNN"): [2.0],
                ("b", 1, "CrabNet"): [2.0],
                ("only ours", None, "L-G-DCNN"): [1.0],
            }
        ),
        "CrabNet",
    )
    assert list(found) == ["a", "b"]
    probability = compare(found, n_resamples=200).probability
    assert probability.value == pytest.approx((0.75 + 0.5) / 2)
    assert (probability.n, probability.low < probability.value < probability.high) == (2, True)


def test_the_mean_of_the_middle_half_leaves_out_extreme_sets_and_is_geometric():
    ratios = dict(zip("abcd", (0.1, 0.8, 0.9, 50.0), strict=True))
    values = {(name, None, "L-G-DCNN"): [ratio] for name, ratio in ratios.items()}
    values |= {(name, None, "RF"): [1.0] for name in ratios}
    ratio = compare(across_sets.scores(records(values), "RF"), n_resamples=10).ratio
    assert ratio.value == pytest.approx((0.8 * 0.9) ** 0.5)
    assert (ratio.low, ratio.high) == pytest.approx((ratio.value, ratio.value))


@pytest.mark.parametrize(
    ("ours", "outcome"),
    [([1.0, 1.1], Outcome.REPRODUCED), ([9.0, 9.1], Outcome.NOT_REPRODUCED), ([1.0, 9.0], Outcome.OPEN)],
)
def test_the_claim_over_all_sets_is_judged_by_the_whole_interval(ours, outcome):
    table = records({("a", None, "L-G-DCNN"): ours, ("a", None, "CrabNet"): [2.0, 2.1]})
    assert across_sets.verdict(across_sets.scores(table, "CrabNet")).outcome is outcome


def test_without_records_the_claim_over_all_sets_is_not_testable():
    table = records({("a", None, "L-G-DCNN"): [1.0]})
    assert across_sets.verdict(across_sets.scores(table, "CrabNet")).outcome is Outcome.NOT_TESTABLE
    assert comparison_table(table).empty
    with pytest.raises(ValueError, match="no data set"):
        compare({})


def test_refits_and_shorter_trainings_do_not_take_part():
    table = records({("a", None, "L-G-DCNN"): [1.0], ("a", None, "CrabNet"): [2.0]})
    for change in ({"refit": True}, {"epochs": 12}):
        assert across_sets.scores(pd.concat([table.assign(**change)]), "CrabNet") == {}
