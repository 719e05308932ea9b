"""What the notebook on the recipe says of the study: tables of trials, single questions, and sentences."""

import numpy as np
import pandas as pd
import pytest
from made_up_records import made_up

from lgdcnn_core import benchmarks, training
from lgdcnn_core.companion import runs, tuning
from lgdcnn_core.companion.runs import RunSpec
from lgdcnn_core.companion.tuning import Question, Trial, results

BULK, SHEAR = "aflow__ael_bulk_modulus_vrh", "mp_shear_modulus"


def table_of(*rows):
    """Trainings from (trial, data set, seed, validation MAE, seconds), the MAE None if it diverged."""
    names = ("trial", "dataset", "seed", "val_mae", "seconds")
    common = {"store": "local", "fold": pd.NA, "precision": "bfloat16", "undisturbed": None}
    table = pd.DataFrame([common | dict(zip(names, row, strict=True)) for row in rows])
    outcome = table["val_mae"].isna().map({True: "diverged", False: "trained"})
    return table.assign(last_val_error=table["val_mae"], outcome=outcome).astype({"fold": "Int64", "val_mae": float})


@pytest.fixture
def table():
    """A baseline whose seeds hardly differ, a trial that halves the error, one that doubles it, one that diverges."""
    rows = []
    for dataset, base in ((BULK, 8.0), (SHEAR, 12.0)):
        for seed, noise in enumerate((1.0, 1.01)):
            rows += [
                ("quick", dataset, seed, base * noise, 10.0),
                ("quick-L1", dataset, seed, base * noise / 2, 20.0),
                ("quick-noise0.1", dataset, seed, base * noise * 2, 5.0),
                ("quick-lr3e-3", dataset, seed, None if seed else base * noise, 10.0),
            ]
    return table_of(*rows, ("epochs30", "mp_mu_b", 0, 1.0, 5.0))


def test_only_trials_that_ran_are_tabulated_each_with_its_whole_reason(table):
    found = tuning.trial_table(table)
    assert set(found.index) == set(table["trial"])
    assert found.index[0] == "quick-L1"
    best = found.loc["quick-L1"]
    assert best["reason"] == tuning.TRIALS["quick-L1"].why
    assert best["changes"] == "batch_size = 256, lr_max = 0.002, epochs = 40, loss = L1"
    assert (best["trainings"], best["verdict"]) == (4, "better")
    assert (best["MAE ratio"], best["time ratio"]) == pytest.approx((0.5, 2.0))
    assert np.isnan(found.loc["epochs30", "MAE ratio"])
    assert found.loc["epochs30", "chance alone"] == "-"


@pytest.mark.parametrize(
    ("trial", "text"),
    [
        (Trial("x", ""), "none"),
        (
            Trial("x", "", {"epochs": 60}, base="paper", setting="published"),
            "paper recipe, epochs = 60, padded setting",
        ),
        (Trial("x", "", {"loss": "L1"}, model="CrabNet", elements="magpie"), "loss = L1, CrabNet, magpie"),
    ],
)
def test_changes_are_told_from_the_recipe_of_the_beginning(trial, text):
    assert results.changes(trial) == text


def test_the_frontier_holds_the_trials_that_none_beats_in_error_and_time(table):
    assert list(tuning.frontier(table).index) == ["quick-noise0.1", "quick", "quick-L1"]


def test_errors_set_by_set_are_those_of_trainings_with_a_partner(table):
    found = tuning.set_table(table)
    assert list(found.columns) == [BULK, SHEAR]
    assert found.loc["quick-L1", BULK] == pytest.approx(4.02)
    assert "epochs30" not in found.index


def test_a_question_is_answered_set_by_set_and_over_all_sets(table):
    asked = (Question("L1 in place of ours", "quick-L1", "quick"), Question("of no trial", "decay0", "decay0.1"))
    found = tuning.question_table(table, asked)
    assert list(found.index) == [
        ("L1 in place of ours", "AFLOW Bulk modulus"),
        ("L1 in place of ours", "MP Shear modulus"),
        ("L1 in place of ours", tuning.ALL_SETS),
    ]
    assert found["ratio"].tolist() == pytest.approx([0.5, 0.5, 0.5])
    assert found["pairs"].tolist() == [2, 2, 4]
    assert found["without"].iloc[0] == pytest.approx(8.04)
    assert found["verdict"].iloc[-1] == "better"


def test_a_question_of_precision_compares_with_that_precision_alone(table):
    in_float32 = table["precision"].where(table["seed"] == 0, "float32")
    asked = (Question("?", "quick-L1", "quick", precision="bfloat16"),)
    assert tuning.question_table(table.assign(precision=in_float32), asked)["pairs"].tolist() == [1, 1, 2]


def test_every_question_is_about_two_trials_of_the_table():
    for question in tuning.QUESTIONS:
        assert {question.trial, question.against} <= set(tuning.TRIALS)


def test_seeds_together_are_one_row_a_trial():
    together = pd.DataFrame({"trial": ["a", "a", "b"], "seeds": [2, 3, 2], "ratio": [0.5, 2.0, 0.9]})
    found = tuning.ensemble_table(together)
    assert list(found.index) == ["b", "a"]
    assert found.loc["a"].tolist() == [2, "2, 3", 1, pytest.approx(1.0)]


@pytest.mark.parametrize(("factor", "said"), [(0.9, "**combine**"), (1.1, "**do not combine**")])
def test_the_rule_for_mixtures_follows_their_geometric_mean(factor, said):
    sets = benchmarks.few_compounds()
    wide = pd.DataFrame({(3, 0): np.full(len(sets), 2.0), (2, 1): 2.0 * factor}, index=sets)
    decision = tuning.mixture_decision(wide, ["first", "second"])
    assert said in decision
    assert f"**{factor:.4f}** times" in decision
    assert "Not decided" in tuning.mixture_decision(wide.iloc[1:], ["first", "second"])


def test_the_findings_count_and_name_what_is_beyond_chance(table):
    said = " ".join(tuning.findings(table))
    assert "17 trainings of 5 trials on 3 data sets" in said
    assert "lower than that of `quick` in `quick-L1` and higher in `quick-noise0.1`" in said
    assert "Trainings diverged in `quick-lr3e-3`." in said
    assert "The fast recipe has the values of `pauling-only`" in said
    assert "python -m lgdcnn_core.companion.tuning" in tuning.findings(table.iloc[:0])[0]


def test_what_chance_alone_would_give_is_said(table):
    said = " ".join(tuning.certainty(table))
    assert "We judged 2 trials" in said
    assert "chance would still put 0.1 outside" in said
    assert "too few: `epochs30`" in said


def test_validation_errors_are_compared_seed_by_seed():
    rows = [("a", BULK, seed, mae) for seed, mae in enumerate((1.0, 2.0))] + [("b", BULK, 0, 2.0), ("b", BULK, 1, 8.0)]
    rows += [("a", SHEAR, 0, 1.0), ("a", SHEAR, 1, 1.0), ("b", SHEAR, 1, 2.0)]
    records = pd.DataFrame(rows, columns=["recipe", "dataset", "seed", "val_mae"]).assign(model="L-G-DCNN", refit=False)
    refit = records.assign(refit=True, val_mae=np.nan)
    found = runs.validation_ratios(pd.concat([records, refit]), "a", "b")
    assert found["ratio"].tolist() == pytest.approx([8**-0.5, 0.5, (8**-0.5 * 0.5) ** 0.5])
    assert found["seeds"].tolist()[:2] == [2, 1]
    # The log MAEs of b are log 2 and log 8 on the first set: variance 2 (log 2)^2.
    assert found.loc[BULK, "seeds alone"] == pytest.approx(np.exp(2 * np.log(2)))
    assert runs.validation_ratios(records, "a", "nothing").empty


def test_trials_on_many_compounds_state_their_length_and_the_recipe_has_one_of_them():
    found = tuning.many_table(tuning.load_trials([tuning.committed_trials()]))
    on_hull = found[found["dataset"] == benchmarks.card("mp_e_hull").label]
    assert on_hull["MAE"].is_monotonic_increasing
    best = on_hull.iloc[0]
    assert (best["batch"], best["epochs"], best["steps"], best["rate"]) == (512, 30, 30 * 78, 3e-3)
    rule = training.FAST.sized(benchmarks.card("mp_mu_b").n_train)
    alike = (found["batch"] == rule.batch_size) & (found["epochs"] == rule.epochs) & (found["rate"] == rule.lr_max)
    assert alike.any()
    # At the highest rate, some trainings went astray.
    assert (found["at the end"] < 1.01 * found["MAE"])[found["rate"] <= rule.lr_max].all()


def test_whole_trainings_on_many_compounds_are_told_by_their_validation_errors(store):
    curve = {"epoch": [1, 2, 3], "loss": [1.0, 0.5, 0.4], "val_error": [0.9, 0.7, 0.8], "seconds": [60.0, 60.0, 60.0]}
    for dataset, n_train in (("mp_e_hull", 39_663), (BULK, 3428)):
        store.keep(*made_up(RunSpec(dataset), n_train=n_train, learning_curve=curve))
    found = runs.many_compounds(runs.load_records([store]), "fast", [store])
    assert found["dataset"].tolist() == ["mp_e_hull"]
    row = found.iloc[0]
    assert (row["compounds"], row["epochs"], row["best epoch"]) == (39_663, 3, 2)
    assert (row["MAE"], row["at the end"]) == (0.6, 0.8)
    assert runs.many_compounds(runs.load_records([store]), "paper", [store]).empty
