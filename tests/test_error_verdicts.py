"""Verdicts on errors: agreement with the published ones, and on how many sets ours are lower."""

import numpy as np
import pandas as pd
import pytest
from summaries import ensembles, summary

from lgdcnn_core.companion import runs
from lgdcnn_core.companion.claims import Outcome, error_tables, errors, fast_recipe, lower_errors, surpasses

BULK = "aflow__ael_bulk_modulus_vrh"


def test_of_several_schedules_the_longest_of_each_kind_is_kept():
    table = summary(
        ("first", None, "L-G-DCNN", 8.4, 0.1, 3),
        ("second", None, "L-G-DCNN", 8.4, 0.1, 3, {"epochs": 30}),
        ("first", None, "CrabNet", 8.4, 0.1, 3, {"epochs": 30}),
        ("first", None, "L-G-DCNN", 8.4, 0.1, 3, {"epochs": 30, "store": "local"}),
    )
    kept = runs.longest_schedules(table)
    assert kept.index.tolist() == [0, 2, 3]


def bulk_modulus(mean, std, n, **changes):
    row = ("aflow__ael_bulk_modulus_vrh", None, "L-G-DCNN", mean, std, n, changes)
    published = pd.DataFrame([{"dataset": row[0], "model": row[2], "published": 8.221}])
    return errors.against_published(summary(row), published)


def test_one_seed_of_the_published_training_is_said_to_be_one():
    (said,) = map(errors.sentence, (row for _, row in bulk_modulus(8.447, np.nan, 1).iterrows()))
    assert "we measure 8.447 GPa with one seed, 2.7 % above the published 8.221 (one seed cannot show how much" in said
    assert "does not repeat" not in said


def test_several_seeds_give_the_distance_in_their_deviations():
    table = bulk_modulus(8.021, 0.1, 3)
    assert table["deviations"].tolist() == [pytest.approx(-2.0)]
    assert "2.4 % below the published 8.221 (2.0 standard deviations" in errors.sentence(table.iloc[0])


def test_two_seeds_are_too_few_to_count_in_deviations():
    table = bulk_modulus(8.021, 0.1, 2)
    assert table["deviations"].isna().all()
    assert "8.021 ± 0.1 GPa over 2 seeds" in errors.sentence(table.iloc[0])
    assert "so few seeds cannot show how much of that is chance" in errors.sentence(table.iloc[0])


@pytest.mark.parametrize(
    "change", [{"recipe": "fast"}, {"setting": "exact"}, {"epochs": 60}, {"train_fraction": 0.5}, {"refit": True}]
)
def test_another_training_is_never_called_a_repetition(change):
    table = bulk_modulus(8.2, np.nan, 1, **change)
    assert not table["same_training"].any()
    assert errors.sentence(table.iloc[0]).endswith("which does not repeat the published one.")
    assert errors.overall(table, 1, 18).outcome is Outcome.NOT_TESTABLE
    assert "not been repeated on any data set of Table 1" in errors.overall(table, 1, 18).sentence


def test_the_published_number_is_inside_the_intervals_that_hold_it():
    group = {"store": "committed", "recipe": "paper", "setting": "published", "epochs": 300}
    group |= {"train_fraction": 1.0, "refit": False}
    runs = group | {"dataset": "aflow__ael_bulk_modulus_vrh", "fold": pd.NA, "model": "L-G-DCNN"}
    intervals = [(0, 7.0, 8.0), (1, 8.0, 9.0), (2, 8.221, 9.0)]
    records = pd.DataFrame([runs | {"seed": seed, "mae_low": low, "mae_high": high} for seed, low, high in intervals])
    shorter = records.assign(epochs=30, mae_low=0.0, mae_high=100.0)
    records = pd.concat([records, shorter]).astype({"fold": "Int64", "epochs": "Int64", "seed": "Int64"})
    row = ("aflow__ael_bulk_modulus_vrh", None, "L-G-DCNN", 8.4, 0.1, 3)
    beside = pd.DataFrame([{"dataset": row[0], "model": row[2], "published": 8.221}])
    compared = errors.against_published(summary(row), beside, records)
    assert compared["inside"].tolist() == [(1, 2)]
    said = errors.sentence(compared.iloc[0])
    assert "the published number lies inside the 95 % bootstrap interval of 2 of 3 runs (seeds 1, 2)" in said
    table = error_tables.repetition_table(compared)
    assert table.to_numpy().tolist() == [["8.221", "8.400 ± 0.1", "+2.2", "2 of 3"]]
    assert list(table.index.names) == ["data set", "network"]


@pytest.mark.parametrize(("low", "word"), [(8.0, "inside"), (8.3, "outside")])
def test_a_single_run_has_the_published_number_inside_or_outside_its_interval(low, word):
    row = bulk_modulus(8.5, np.nan, 1)
    records = row.assign(seed=42, mae_low=low, mae_high=9.0).drop(columns="published")
    beside = row[["dataset", "model", "published"]]
    compared = errors.against_published(row.drop(columns=["published"]), beside, records)
    assert f"the published number lies {word} the run's 95 % bootstrap interval." in errors.sentence(compared.iloc[0])


def with_intervals(*rows):
    """What `errors.against_published` gives with records, from (dataset, mean, published, low, high)."""
    names = ("dataset", "mean", "published", "low", "high")
    numbers = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    table = summary(*((name, None, "L-G-DCNN", mean, np.nan, 1) for name, mean, *_ in rows))
    beside = numbers[["dataset", "published"]].assign(model="L-G-DCNN")
    compared = errors.against_published(table, beside).merge(numbers[["dataset", "low", "high"]])
    held = (compared["low"] <= compared["published"]) & (compared["published"] <= compared["high"])
    return compared.assign(inside=held.map({True: (42,), False: ()}))


def test_all_errors_together_are_a_mean_ratio_with_an_interval_over_sets():
    two = [("mp_mu_b", 1.2, 1.0, 0.9, 1.5), (BULK, 1.1, 1.0, 0.9, 1.3)]
    found = errors.overall(with_intervals(*two), 1, 18)
    (ratio,) = found.ours
    assert ratio.value == pytest.approx((1.2 * 1.1) ** 0.5)
    # Student's t with one degree of freedom is 12.706; the deviation of two logs is their distance over sqrt(2).
    assert ratio.high == pytest.approx(ratio.value * np.exp(12.706 * np.log(1.2 / 1.1) / 2), rel=1e-3)
    assert found.outcome is Outcome.OPEN
    assert found.tested == "2 of 18 data sets, paper recipe"
    assert "Repeated on 2 data sets, our MAE is +10.0 to +20.0 % off" in found.sentence
    assert "2 of 2 published numbers lie in our 95 % intervals" in found.sentence


def test_errors_that_are_all_a_little_higher_are_reproduced_in_part_only():
    alike = [
        (name, 1.03 + small, 1.0, 0.9, 1.2) for name, small in ((BULK, 0), ("mp_mu_b", 0.001), ("mp_e_hull", 0.002))
    ]
    assert errors.overall(with_intervals(*alike), 1, 18).outcome is Outcome.IN_PART
    outside = [(name, 1.3, 1.0, 1.2, 1.4) for name in (BULK, "mp_mu_b")]
    assert errors.overall(with_intervals(*outside), 1, 18).outcome is Outcome.NOT_REPRODUCED
    lower = [(name, 0.9, 1.0, 0.8, 1.1) for name in (BULK, "mp_mu_b")]
    assert errors.overall(with_intervals(*lower), 1, 18).outcome is Outcome.REPRODUCED
    one = [(BULK, 1.1, 1.0, 0.9, 1.3)]
    assert errors.overall(with_intervals(*one), 1, 18).outcome is Outcome.OPEN


def test_standings_count_sets_at_or_below_each_published_column_and_all():
    published = pd.DataFrame({"L-G-DCNN": [1.0, 2.0, 3.0], "CrabNet": [2.0, 1.0, np.nan]}, index=["a", "b", "c"])
    rows = [(name, None, "L-G-DCNN", mean, 0.1, 3) for name, mean in (("a", 1.0), ("b", 1.5), ("c", 3.5))]
    ours = lower_errors.together(summary(*rows), ensembles(("b", None, "L-G-DCNN", 0.9, None, 3)))
    table = lower_errors.standings(ours, published)
    counts = table[["ensemble", "sets", "L-G-DCNN", "CrabNet", lower_errors.EVERY]].to_numpy().tolist()
    assert counts == [[False, 3, 2, 1, 1], [True, 1, 1, 1, 1]]
    assert lower_errors.standings(lower_errors.together(summary(), ensembles()), published).empty


def test_standings_over_folds_need_all_five():
    published = pd.DataFrame({"L-G-DCNN": [3.0, 3.0]}, index=["a", "b"])
    complete = [("a", fold, "L-G-DCNN", mae, None, 2) for fold, mae in enumerate([1.0, 2.0, 3.0, 4.0, 5.0])]
    some = [("b", fold, "L-G-DCNN", 1.0, None, 2) for fold in range(4)]
    errors_of_folds = lower_errors.together(summary(*complete, *some), ensembles())
    table = lower_errors.standings(lower_errors.over_complete_folds(errors_of_folds), published)
    assert table[["sets", "L-G-DCNN"]].to_numpy().tolist() == [[1, 1]]


def test_the_verdict_on_lower_errors_counts_single_networks_and_ensembles_apart():
    published = pd.DataFrame({"L-G-DCNN": [2.0, 2.0], "Roost": [1.0, 1.0]}, index=["a", "b"])
    recipe = {"recipe": "joint-transfer", "setting": "exact", "epochs": 60}
    single = [(name, None, "L-G-DCNN", mae, 0.1, 5, recipe) for name, mae in (("a", 1.9), ("b", 2.1))]
    means = [(name, None, "L-G-DCNN", 0.9, None, 5, recipe | {"refit": True}) for name in ("a", "b")]
    table = lower_errors.standings(lower_errors.together(summary(*single), ensembles(*means)), published)
    found = lower_errors.verdict(table)
    assert [(each.value, each.n) for each in found.ours] == [(1, 2), (2, 2)]
    assert found.outcome is Outcome.IN_PART
    assert "on 1 of 2 sets; ensembles refit with validation data" in found.sentence
    assert found.sentence.endswith("beat every published model on 2.")
    assert lower_errors.verdict(table, recipe="fast").outcome is Outcome.NOT_TESTABLE


def test_columns_that_leave_pure_elements_out_are_compared_without_them():
    published = pd.DataFrame({"L-G-DCNN": [2.0, 2.0], "CrabNet": [1.5, 1.5]}, index=["a", "b"])

    def of(first, second):
        return [("a", None, "L-G-DCNN", first, 0.1, 3), ("b", None, "L-G-DCNN", second, 0.1, 3)]

    ours, less = (lower_errors.together(summary(*of(*values)), ensembles()) for values in ((1.9, 2.1), (1.4, 1.5)))
    names = ["L-G-DCNN", "CrabNet", lower_errors.EVERY]
    assert lower_errors.standings(ours, published)[names].to_numpy().tolist() == [[1, 0, 0]]
    assert lower_errors.standings(ours, published, less)[names].to_numpy().tolist() == [[1, 2, 1]]


def test_shortfalls_are_what_lies_above_its_own_kind_or_an_ensemble_above_all():
    published = pd.DataFrame({"L-G-DCNN": [2.0, 2.0, 2.0], "Roost": [1.0, 3.0, 3.0]}, index=["a", "b", "c"])
    own = {"recipe": "fast", "setting": "exact", "epochs": 60}
    runs = [(name, None, "L-G-DCNN", mean, 0.1, 3, own) for name, mean in (("a", 1.9), ("b", 2.1), ("c", 1.9))]
    of_paper = summary(("b", None, "L-G-DCNN", 2.2, np.nan, 1))
    beside = published.reset_index(names="dataset").melt("dataset", var_name="model", value_name="published")
    compared = errors.against_published(pd.concat([summary(*runs), of_paper]), beside)
    means = ensembles(*(("a", None, "L-G-DCNN", 1.1, None, 3, own), ("c", None, "L-G-DCNN", 1.8, None, 3, own)))
    table = lower_errors.shortfalls(compared, means, published)
    assert table["dataset"].tolist() == ["a", "b"]
    of_both = ensembles(("a", None, "L-G-DCNN + CrabNet", 0.9, None, 6, own), ("a", None, "CrabNet", 0.8, None, 3, own))
    assert lower_errors.shortfalls(compared, pd.concat([means, of_both]), published)["dataset"].tolist() == ["b"]
    laid_out = lower_errors.shortfall_table(table, {"a": "A (GPa)", "b": "B (GPa)"}, {"b": 1})
    columns = ["data set", "MAE", "the paper's L-G-DCNN", "ensembles", "paper recipe, our run", "trials"]
    assert laid_out[columns].to_numpy().tolist() == [
        [
            *("A (GPa)", "1.900 (n = 3)", "2.000 (5.0 % below)"),
            *("3 L-G-DCNN: 1.100 without pure elements, 10.0 % above Roost's 1.000", "not run", 0),
        ],
        ["B (GPa)", "2.100 (n = 3)", "2.000 (5.0 % above)", "-", "2.200", 1],
    ]
    less = means.assign(mae=[0.9, 1.8])
    assert lower_errors.shortfalls(compared, means, published, less)["dataset"].tolist() == ["b"]


def paired(*verdicts, **changes):
    """What `runs.paired_differences` of two models gives, a data set a verdict."""
    kind = {"store": "committed", "recipe": "fast", "setting": "exact", "epochs": 60}
    kind |= {"train_fraction": 1.0, "refit": False, "fold": pd.NA} | changes
    return pd.DataFrame([kind | {"dataset": f"set {n}", "verdict": each} for n, each in enumerate(verdicts)])


def test_models_trained_alike_are_judged_for_each_kind_of_training():
    table = pd.concat([paired("worse", epochs=30), paired("better", "better", "worse", "not told apart")])
    long, short = surpasses.trained_alike(table)
    assert long.sentence == "Trained alike, it is better on 2 of 4 data sets and worse on 1."
    assert long.detail == "We could not distinguish them on 1 (fast recipe)."
    assert (long.ours[0].value, long.ours[0].n, long.outcome) == (2, 4, Outcome.OPEN)
    assert short.sentence == "Trained alike, it is better on 0 of 1 data set and worse on 1."
    assert short.detail == "We could not distinguish them on 0 (fast recipe, 30 epochs)."


def test_a_model_that_is_better_wherever_the_two_differ_reproduces_the_claim():
    (found,) = surpasses.trained_alike(paired(*["better"] * 8))
    assert found.outcome is Outcome.REPRODUCED
    (found,) = surpasses.trained_alike(paired(*["worse"] * 8))
    assert found.outcome is Outcome.NOT_REPRODUCED
    (found,) = surpasses.trained_alike(paired("not told apart"))
    assert found.outcome is Outcome.OPEN
    (found,) = surpasses.trained_alike(paired())
    assert found.outcome is Outcome.NOT_TESTABLE


def test_surpasses_on_28_is_counted_in_the_published_numbers():
    found = surpasses.by_published_numbers()
    assert found.published == (28.0,)
    assert [(each.value, each.n) for each in found.ours] == [(19, 28)]
    assert "12 of 18 extended sets" in found.sentence
    assert "7 of 10 Matbench tasks" in found.sentence
    assert found.outcome is Outcome.IN_PART
    table = surpasses.misquoted()
    assert table.round(3).to_numpy().tolist() == [[33.646, 33.464]]


def test_two_recipes_are_compared_by_their_mean_ratio_and_by_compounds():
    differences = paired("worse", "not told apart").assign(dataset=["mp_shear_modulus", BULK])
    runs_of = [
        (name, recipe, mae) for name in ("mp_shear_modulus", BULK) for recipe, mae in (("fast", 2.0), ("paper", 1.0))
    ]
    records = pd.DataFrame(runs_of, columns=["dataset", "recipe", "mae"]).assign(fold=pd.NA).astype({"fold": "Int64"})
    found = fast_recipe.verdict(differences, records)
    assert found.ours[0].value == pytest.approx(2.0)
    assert found.outcome is Outcome.NOT_REPRODUCED
    assert "could not distinguish them on 1 of 2 sets; the paper recipe is better on MP Shear modulus" in found.sentence
    assert found.detail == "It trains for 60 epochs, the paper recipe for 300."
    assert fast_recipe.verdict(differences.iloc[:0], records).outcome is Outcome.NOT_TESTABLE


def test_the_published_errors_that_were_repeated_are_counted():
    compared = with_intervals((BULK, 8.447, 8.221, 8.0, 9.0))
    found = errors.overall(compared, 1, 18)
    assert found.tested == "1 of 18 data sets, paper recipe"
    assert "Repeated on 1 data set, our MAE is +2.7 % off" in found.sentence
