"""Tables of errors in notebooks: one row a data set, at most two levels of headings, nothing without a number."""

import pandas as pd
import pytest
from summaries import ensembles, summary

from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims import error_tables, errors, lower_errors
from lgdcnn_core.companion.runs import trees

BULK, SHEAR, JDFT = "aflow__ael_bulk_modulus_vrh", "mp_shear_modulus", "matbench_jdft2d"
FAST = {"recipe": "fast", "setting": "exact", "epochs": 60}
LABELS = ["AFLOW Bulk modulus (GPa)", "MP Shear modulus (GPa)"]


def few(text=str):
    return summary(
        (SHEAR, None, "CrabNet", 12.0, float("nan"), 1, FAST),
        (SHEAR, None, "L-G-DCNN", 11.0, 0.25, 3, FAST),
        (BULK, None, "L-G-DCNN", 8.5, 0.125, 3, FAST | {"refit": True}),
        (BULK, None, "L-G-DCNN", 8.629, float("nan"), 1),
    )


def test_a_way_of_training_is_named_by_its_recipe_and_what_differs_from_it():
    assert wording.way_of_training("fast", "exact", 60) == "fast recipe"
    assert wording.way_of_training("paper", "published", 300) == "paper recipe"
    assert wording.way_of_training("fast", "published", 12, 0.1, True, "local") == (
        "fast recipe, padded setting, 12 epochs, 0.1 of rows, validation data too, this machine"
    )


def test_a_data_set_is_one_row_and_a_training_one_column():
    table = error_tables.error_table(few())
    assert list(table.index) == LABELS
    assert list(table.columns) == [
        ("L-G-DCNN", "paper recipe"),
        ("L-G-DCNN", "fast recipe"),
        ("L-G-DCNN", "fast recipe, validation data too"),
        ("CrabNet", "fast recipe"),
    ]
    assert table.to_numpy().tolist() == [
        ["8.629 (1)", "", "8.500 ± 0.12 (3)", ""],
        ["", "11.000 ± 0.25 (3)", "", "12.000 (1)"],
    ]


def test_folds_are_rows_of_their_own_in_their_order():
    table = error_tables.error_table(
        summary((JDFT, 3, "L-G-DCNN", 30.0, 1.0, 3, FAST), (JDFT, 0, "L-G-DCNN", 29.0, 1.0, 3, FAST))
    )
    assert list(table.index) == [f"JARVIS 2D exfoliation energy, fold {fold} (meV/atom)" for fold in (0, 3)]


def test_no_record_gives_a_table_without_rows():
    assert error_tables.error_table(few().iloc[:0]).empty
    assert error_tables.paired_table({}).empty
    assert error_tables.standing_table(
        lower_errors.standings(lower_errors.together(few(), ensembles()), frame()).iloc[:0]
    ).empty


def frame():
    return pd.DataFrame(
        {"L-G-DCNN": [8.221, 11.701], "CrabNet": [8.692, 12.787], "RF": [9.0, 12.0]}, index=pd.Index([BULK, SHEAR])
    )


def test_ensembles_have_an_interval_and_their_number_of_networks():
    together = ensembles((BULK, None, "L-G-DCNN", 8.28, 0.0, 3, FAST)).assign(mae_low=7.2, mae_high=9.4, rmse=17.5)
    assert error_tables.ensemble_table(together).to_numpy().tolist() == [["8.280 (7.200 to 9.400; 3)"]]
    assert error_tables.ensemble_table(together, "rmse").to_numpy().tolist() == [["17.50 (3)"]]


def test_calibration_is_a_range_over_data_sets():
    together = ensembles(
        (BULK, None, "L-G-DCNN", 8.28, 0.0, 3, FAST), (SHEAR, None, "L-G-DCNN", 11.0, 0.0, 5, FAST)
    ).assign(within_uncertainty=[0.6, 0.4])
    (row,) = error_tables.calibration_table(together).to_dict("records")
    assert row == {"networks": "3 to 5", "data sets": 2, "within (%)": "40 to 60"}


def test_the_standings_are_one_row_a_way_of_training():
    singles = summary((BULK, None, "L-G-DCNN", 8.5, 0.1, 3, FAST), (SHEAR, None, "L-G-DCNN", 11.0, 0.1, 3, FAST))
    together = ensembles((BULK, None, "L-G-DCNN", 8.0, 0.0, 3, FAST), (SHEAR, None, "L-G-DCNN", 11.8, 0.0, 3, FAST))
    standings = lower_errors.standings(lower_errors.together(singles, together), frame())
    table = error_tables.standing_table(standings)
    assert list(table.index) == [("L-G-DCNN", "fast recipe")]
    assert dict(table.iloc[0]) == {
        ("one network", "at or below the published CrabNet"): "2 of 2",
        ("one network", "at or below the paper's L-G-DCNN"): "1 of 2",
        ("networks together", "n"): "3",
        ("networks together", "at or below every published model"): "1 of 2",
    }


@pytest.fixture
def compared():
    published = frame().rename_axis("dataset").reset_index().melt("dataset", var_name="model", value_name="published")
    table = errors.against_published(few(), published)
    return table.assign(inside=[(0,)] * len(table))


def test_only_the_published_training_counts_as_a_repetition(compared):
    table = error_tables.repetition_table(compared)
    assert list(table.index) == [("AFLOW Bulk modulus (GPa)", "L-G-DCNN")]
    assert table.to_numpy().tolist() == [["8.221", "8.629", "+5.0", "1 of 1"]]


def test_percents_are_those_of_our_mean_above_the_published_error(compared):
    table = error_tables.percent_table(compared)
    assert table.loc["AFLOW Bulk modulus (GPa)", ("L-G-DCNN", "paper recipe")] == "+5.0"
    # 11.0 is 6.0 % below 11.701, by 2.8 of our standard deviations of 0.25.
    assert table.loc["MP Shear modulus (GPa)", ("L-G-DCNN", "fast recipe")] == "-6.0 (-2.8)"


def test_a_paired_difference_names_the_better_training_only_where_the_interval_excludes_zero():
    rows = {"store": "committed", "fold": pd.NA, "low": [-1.5, -1.0], "high": [-0.5, 1.0], "difference": [-1.0, 0.25]}
    differences = pd.DataFrame(rows | {"dataset": [SHEAR, BULK], "verdict": ["better", "not told apart"]})
    local = differences.iloc[:1].assign(store="local", verdict="worse")
    table = error_tables.paired_table({"ours - theirs": differences, "other": local})
    assert list(table.columns) == ["ours - theirs", "other, this machine"]
    assert table.to_numpy().tolist() == [
        ["+0.25 (-1 to +1)", ""],
        ["-1 (-1.5 to -0.5) better", "-1 (-1.5 to -0.5) worse"],
    ]
    assert list(table.index) == LABELS


def test_a_mean_over_folds_needs_all_five():
    rows = [(JDFT, fold, "complete", 10.0 + fold) for fold in range(5)] + [(JDFT, 2, "part", 40.0)]
    table = error_tables.fold_table(pd.DataFrame(rows, columns=["dataset", "fold", "run", "mean"]))
    assert table.index.tolist() == [("JARVIS 2D exfoliation energy (meV/atom)", run) for run in ("complete", "part")]
    assert table["mean"].tolist() == ["12.00", "-"]
    assert table["std"].tolist() == ["1.581", "-"]
    part = error_tables.fold_table(pd.DataFrame(rows[-1:], columns=["dataset", "fold", "run", "mean"]))
    assert list(part.columns) == [2]


def test_a_run_is_named_by_network_and_training_single_networks_first():
    together = lower_errors.together(few(), ensembles((BULK, None, "L-G-DCNN", 8.28, 0.0, 3, FAST)))
    names = error_tables.named_runs(together)["run"].tolist()
    assert names[0] == "L-G-DCNN, paper recipe"
    assert names[-1] == "mean of n, L-G-DCNN, fast recipe"


def test_every_baseline_has_a_name():
    assert set(wording.BASELINES) == set(trees.RECIPES)
    assert wording.BASELINE == trees.NAME


def test_baselines_have_names_that_people_know_and_no_way_of_training():
    grown = {"recipe": "trees", "setting": "exact", "epochs": 1}
    table = summary((BULK, None, "GBM", 9.5, 0.1, 3, grown), (BULK, None, "L-G-DCNN", 8.5, 0.1, 3, FAST))
    shown = error_tables.error_table(table)
    assert list(shown.columns) == [("L-G-DCNN", "fast recipe"), ("gradient boosting", "")]
    assert shown.iloc[0, 1].startswith("9.5")
    together = lower_errors.together(table, ensembles())
    assert error_tables.named_runs(together)["run"].tolist() == ["L-G-DCNN, fast recipe", "gradient boosting"]


def test_seconds_are_those_of_runs_that_had_their_cores_to_themselves():
    records = few()[:2].drop(columns=["mean", "std", "n"])
    records = pd.concat([records.assign(training_seconds=60.0, undisturbed=None)] * 2)
    records["training_seconds"] = [60.0, 1000.0, 80.0, 1000.0]
    records["undisturbed"] = pd.array([True, False, None, False], dtype="boolean")
    table = error_tables.seconds_table(records)
    assert table.to_numpy().tolist() == [["70"]]


def test_a_network_that_is_measured_on_many_sets_costs_one_training():
    records = pd.DataFrame(
        [
            ("committed", BULK, "L-G-DCNN", "fast", "exact", 60, 0, 1800.0, 4000.0),
            ("committed", BULK, "L-G-DCNN", "fast", "exact", 60, 1, 1800.0, 5000.0),
            ("committed", BULK, "L-G-DCNN", "joint", "exact", 12, 0, 7200.0, 6000.0),
            ("committed", SHEAR, "L-G-DCNN", "joint", "exact", 12, 0, 7200.0, 6000.0),
        ],
        columns=[
            *("store", "dataset", "model", "recipe", "setting", "epochs", "seed"),
            *("training_seconds", "tokens_per_second"),
        ],
    ).assign(fold=pd.NA, train_fraction=1.0, refit=False)
    table = error_tables.cost_table(records)
    assert table["trainings"].tolist() == ["2", "1", "3"]
    assert table["hours"].tolist() == ["1.00", "2.00", "3.00"]
    assert table["tokens a second"].tolist() == ["4,500", "6,000", "5,000"]
