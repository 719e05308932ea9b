import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from made_up_records import made_up

from lgdcnn_core import benchmarks, training
from lgdcnn_core.companion import figures, runs
from lgdcnn_core.companion.claims import Outcome, converges, epochs_to_target, fraction_of_cost
from lgdcnn_core.companion.figures import convergence as drawing
from lgdcnn_core.companion.intervals import students
from lgdcnn_core.companion.runs import RunSpec, Store, convergence, curves
from lgdcnn_core.companion.runs.record import ANY_LENGTH
from lgdcnn_core.training import optimisers

BULK, SHEAR = "aflow__ael_bulk_modulus_vrh", "mp_shear_modulus"
PAPER = {"recipe": "paper", "setting": "published"}


@pytest.fixture
def store(tmp_path):
    return Store("committed", tmp_path / "runs")


def record(store, errors, dataset=BULK, seconds=2.0, **changes):
    """Write a record with these validation errors, every epoch of `seconds`; `changes` of its specification.

    Its machine may be given as ``threads``, a changed recipe as ``recipe_values``, and its ``load``.
    """
    threads, values, load = changes.pop("threads", 1), changes.pop("recipe_values", {}), changes.pop("load", None)
    spec = RunSpec(dataset, **changes)
    learnt = {"epoch": [*range(1, len(errors) + 1)], "val_error": [*errors], "seconds": [seconds] * len(errors)}
    store.write(
        *made_up(
            spec,
            learning_curve=learnt,
            recipe=spec.full_recipe().as_dict() | values,
            compute={"device": "cpu", "precision": "float32", "threads": threads},
            load=load,
        )
    )


def read(store, epochs=None):
    """Curves that are compared, as the notebook chooses them."""
    table = runs.load_curves(runs.load_records([store]), [store])
    return curves.on_one_machine(table[curves.reasons_against(table, epochs) == ""])


# Which curves belong together


def test_a_curve_has_a_row_an_epoch_with_the_seconds_since_the_start(store):
    record(store, [30.0, None, 10.0], seconds=2.5)
    table = runs.load_curves(runs.load_records([store]), [store])
    assert table[["epoch", "val_error", "seconds"]].to_numpy().tolist() == [[1, 30.0, 2.5], [3, 10.0, 7.5]]
    assert set(table["dataset"]) == {BULK}


def test_no_records_give_an_empty_table_with_the_same_columns(store):
    table = runs.load_curves(runs.load_records([store]), [store])
    assert (list(table.columns), len(table)) == (curves.COLUMNS, 0)
    assert len(read(store)) == 0


@pytest.mark.parametrize("recipe", training.RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_schedule_counts_as_of_any_length_only_if_its_rates_do_not_depend_on_the_epochs(recipe):
    def rates(epochs):
        network, changed = torch.nn.Linear(1, 1), recipe.with_changes(epochs=epochs)
        optimiser = optimisers.optimiser(network, changed)
        schedule = optimisers.schedule(optimiser, changed, 3)
        found = []
        for _ in range(3 * 20):
            found.append(schedule.get_last_lr()[0])
            getattr(optimiser, "optimizer", optimiser).step()
            schedule.step()
        return found

    assert np.allclose(rates(20), rates(300), rtol=1e-9) == (recipe.schedule in ANY_LENGTH)


def test_the_papers_shorter_run_is_the_beginning_of_the_same_training(store):
    record(store, [3.0, 2.0], seed=1, epochs=2, **PAPER)
    record(store, [5.0, 4.0, 1.0], seed=2, **PAPER)
    table = read(store)
    assert table["key"].nunique() == 2
    assert len(table.drop_duplicates(curves.KIND)) == 1
    mean = curves.over_seeds(table)
    assert mean[["epoch", "mean", "low", "high", "n", "seconds"]].to_numpy().tolist() == [
        [1, 4.0, 3.0, 5.0, 2, 2.0],
        [2, 3.0, 2.0, 4.0, 2, 4.0],
    ]


def test_of_one_seed_the_longest_run_counts_and_the_others_are_named(store):
    record(store, [3.0, 2.0], seed=1, epochs=2, **PAPER)
    record(store, [3.0, 2.0, 1.0], seed=1, **PAPER)
    table = runs.load_curves(runs.load_records([store]), [store])
    reasons = curves.reasons_against(table)
    assert table["epochs"][reasons == ""].unique().tolist() == [training.PAPER.epochs]
    assert set(reasons) == {"", "the beginning of a longer run with the same seed"}


def test_runs_whose_schedule_spans_other_epochs_are_kept_apart(store):
    record(store, [3.0, 2.0], epochs=2)
    record(store, [6.0, 5.0, 4.0])
    assert read(store)["val_error"].tolist() == [6.0, 5.0, 4.0]
    assert read(store, epochs=2)["val_error"].tolist() == [3.0, 2.0]
    table = runs.load_curves(runs.load_records([store]), [store])
    assert "a schedule of 2 epochs" in set(curves.reasons_against(table))


def test_a_record_of_a_recipe_that_has_changed_is_left_out_and_says_what_changed(store):
    record(store, [3.0], recipe_values={"lr_max": 0.5, "weight_decay": 0.4})
    table = runs.load_curves(runs.load_records([store]), [store])
    assert set(curves.reasons_against(table)) == {"the recipe has changed since: lr_max, weight_decay"}


def test_seconds_count_on_the_commonest_machine_only(store):
    record(store, [3.0, 2.0], seed=0)
    record(store, [3.0, 2.0], seed=1)
    record(store, [3.0, 2.0], seed=2, threads=8)
    table = read(store)
    assert table.groupby("threads")["seconds"].count().to_dict() == {1: 4, 8: 0}
    assert curves.over_seeds(table)[["n", "seconds"]].to_numpy().tolist() == [[3, 2.0], [3, 4.0]]
    said = converges.conditions(table, pd.Series(dtype=object))
    assert "(cpu, 1 thread), which made 2 of the 3 records. We leave out the seconds of the other 1" in said[0]


def test_seconds_of_runs_that_shared_their_cores_do_not_count(store):
    busy, quiet = {"start": 3.0, "end": 2.0}, {"start": 0.0, "end": 1.0}
    record(store, [3.0, 2.0], seed=0, load=busy, seconds=9.0)
    assert read(store)["seconds"].isna().all()
    record(store, [3.0, 2.0], seed=1, load=busy, seconds=9.0)
    record(store, [3.0, 2.0], seed=2, load=quiet, threads=8)
    record(store, [3.0, 2.0], seed=3, threads=8)
    assert read(store).groupby("seed")["seconds"].max().fillna(-1).to_dict() == {0: -1, 1: -1, 2: 4.0, 3: 4.0}


# How soon a target is reached


def test_targets_are_multiples_of_the_reference_trainings_lowest_error_or_else_of_the_lowest_of_all(store):
    record(store, [20.0, 10.0, 12.0], **PAPER)
    record(store, [8.0], seed=1)
    record(store, [50.0, 40.0], dataset=SHEAR, model="CrabNet")
    found = convergence.targets(read(store), factors=(1.5, 1.0)).set_index(["dataset", "factor"])
    assert found["target"].to_dict() == {(BULK, 1.5): 15.0, (BULK, 1.0): 10.0, (SHEAR, 1.5): 60.0, (SHEAR, 1.0): 40.0}
    assert found["of_reference"].groupby("dataset").all().to_dict() == {BULK: True, SHEAR: False}


def wanted(*values):
    """Targets on the bulk moduli; the factors count them."""
    table = pd.DataFrame({"dataset": BULK, "fold": pd.NA, "factor": np.arange(1.0, len(values) + 1), "target": values})
    return table.astype({"fold": "Int64"})


def test_the_first_epoch_at_or_below_the_target_counts_though_the_error_rises_again(store):
    record(store, [30.0, 15.0, 20.0, 10.0, 9.0], seconds=2.0)
    found = convergence.reached(read(store), wanted(15.0, 10.0, 8.0))
    assert found["epoch"].tolist() == [2, 4, pd.NA]
    assert found["seconds"].fillna(-1).tolist() == [4.0, 8.0, -1]
    assert found["last_epoch"].tolist() == [5, 5, 5]


def test_a_mean_over_seeds_is_given_only_if_all_of_them_reached_the_target(store):
    record(store, [30.0, 10.0, 8.0], seed=0, seconds=2.0)
    record(store, [20.0, 15.0, 10.0], seed=1, seconds=3.0)
    found = convergence.summarise_reached(convergence.reached(read(store), wanted(10.0, 8.0, 1.0)))
    numbers = found[["n", "n_reached", "epoch", "epoch_low", "epoch_high", "seconds"]].astype(float).fillna(-1)
    # Seed 0 is at 10 after two epochs of 2 s, seed 1 after three of 3 s.
    assert numbers.to_numpy().tolist() == [[2, 2, 2.5, 2, 3, 6.5], [2, 1, -1, 3, -1, -1], [2, 0, -1, -1, -1, -1]]
    labels = {BULK: "bulk"}
    cells = epochs_to_target.reached_table(found, labels, "epoch").iloc[:, 0].tolist()
    assert cells == ["2 (2 to 3), n = 2", "1 of 2 seeds", "-"]
    assert epochs_to_target.reached_table(found, labels, "seconds").iloc[0, 0] == "6 (4 to 9), n = 2"


def test_a_table_leaves_the_cell_of_a_network_without_a_record_empty(store):
    record(store, [10.0])
    record(store, [10.0], dataset=SHEAR, model="CrabNet")
    table = read(store)
    found = convergence.summarise_reached(convergence.reached(table, convergence.targets(table, factors=(1.0,))))
    cells = epochs_to_target.reached_table(found, {BULK: "bulk", SHEAR: "shear"}, "epoch")
    assert cells.to_numpy().tolist() == [["1, n = 1", ""], ["", "1, n = 1"]]
    assert (cells.index.nlevels, cells.columns.nlevels) == (2, 2)


def pairs(store, *values, by="epoch"):
    """Pairs of seeds of L-G-DCNN and CrabNet: sooner, later, equal, open, for each target."""
    compared = convergence.compare(convergence.reached(read(store), wanted(*values)), "L-G-DCNN", "CrabNet", by)
    return compared[convergence.PAIRS].to_numpy().tolist()


def test_seeds_of_two_networks_are_compared_each_with_each(store):
    record(store, [9.0, 5.0, 4.0], seed=0)
    record(store, [9.0, 9.0, 5.0], seed=1)
    record(store, [9.0, 9.0, 5.0], seed=0, model="CrabNet")
    record(store, [5.0, 4.0, 4.0], seed=1, model="CrabNet")
    # To 5: epochs 2 and 3 against 3 and 1. To 4: epoch 3 and never against never and 2.
    assert pairs(store, 5.0, 4.0) == [[1, 2, 1, 0], [1, 2, 0, 1]]


def test_a_run_that_ended_before_the_target_is_not_taken_for_one_that_is_slow(store):
    record(store, [9.0, 8.0, 7.0, 6.0, 5.0], seed=0, **PAPER)
    record(store, [9.0, 7.0], seed=0, model="CrabNet", epochs=2, **PAPER)
    # CrabNet's run of two epochs is sooner at 7, was later than epoch 2 at 6, and so says nothing of epoch 4.
    assert pairs(store, 7.0, 6.0, 9.0) == [[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]


def test_networks_are_compared_within_a_recipe_only(store):
    record(store, [5.0], **PAPER)
    record(store, [9.0, 5.0], model="CrabNet")
    assert pairs(store, 5.0) == []


def test_seconds_are_compared_on_one_machine_only(store):
    record(store, [9.0, 5.0], seconds=1.0)
    record(store, [9.0, 9.0, 5.0], model="CrabNet", seconds=0.5)
    assert pairs(store, 5.0, by="seconds") == [[0, 1, 0, 0]]
    record(store, [5.0], model="CrabNet", seed=1, threads=8)
    assert pairs(store, 5.0, by="seconds") == [[0, 1, 0, 0]]
    assert pairs(store, 5.0) == [[1, 1, 0, 0]]


# In words


def test_the_verdict_counts_targets_and_data_sets(store):
    for dataset, other in ((BULK, [9.0, 9.0, 5.0]), (SHEAR, [5.0, 4.0])):
        record(store, [9.0, 5.0, 4.0], dataset=dataset)
        record(store, other, dataset=dataset, model="CrabNet")
    table = read(store)
    found = convergence.reached(table, convergence.targets(table, factors=(2.25, 1.25, 1.0)))
    compared = convergence.compare(found, "L-G-DCNN", "CrabNet")
    (over_all,) = converges.verdicts(compared)
    assert over_all.claim == "L-G-DCNN converges faster than CrabNet, by the fast recipe"
    assert "It needs fewer epochs for 2 of 6 target errors and more for 2." in over_all.sentence
    assert over_all.detail == "It leads on 1 of 2 data sets and trails on 1."
    # Shares of 5/6 and 1/6 on the two sets.
    (share,) = over_all.ours
    assert (share.value, share.low, share.high, share.n) == (pytest.approx(0.5), 0.0, 1.0, 2)
    assert over_all.outcome is Outcome.OPEN
    each = converges.by_set(compared)
    assert [text.partition(": ")[2] for text in each] == [
        "fewer for 1.25, 1; as many for 2.25.",
        "more for 1.25, 1; as many for 2.25.",
    ]


def test_which_weights_were_validated_is_said_for_each_recipe(store):
    record(store, [5.0], **PAPER)
    record(store, [5.0])
    said = " ".join(converges.conditions(read(store), pd.Series(["a schedule of 2 epochs"] * 3)))
    assert "Left out: 3 records, a schedule of 2 epochs." in said
    assert "In the paper recipe, each epoch's validation error is that of the weights as they are at its end." in said
    assert "In the fast recipe, each epoch's validation error is that of the averaged weights at its end." in said


def test_a_network_that_is_sooner_everywhere_converges_faster(store):
    for dataset, last in ((BULK, 5.0), (SHEAR, 4.0), ("aflow__Egap", 3.0)):
        record(store, [9.0, last, last], dataset=dataset)
        record(store, [9.0, 9.0, last], dataset=dataset, model="CrabNet")
    table = read(store)
    found = convergence.reached(table, convergence.targets(table, factors=(1.5, 1.0)))
    (faster,) = converges.verdicts(convergence.compare(found, "L-G-DCNN", "CrabNet"))
    (slower,) = converges.verdicts(convergence.compare(found, "CrabNet", "L-G-DCNN"), "CrabNet", "L-G-DCNN")
    assert (faster.outcome, slower.outcome) == (Outcome.REPRODUCED, Outcome.NOT_REPRODUCED)


def test_without_records_of_both_networks_the_claim_is_not_testable(store):
    record(store, [9.0])
    table = read(store)
    found = convergence.compare(convergence.reached(table, convergence.targets(table)), "L-G-DCNN", "CrabNet")
    (untested,) = converges.verdicts(found)
    assert untested.outcome is Outcome.NOT_TESTABLE


# Beside the published code


@pytest.fixture
def code():
    return pd.DataFrame(
        {"dataset": BULK, "model": "L-G-DCNN", "epoch": [20, 60, 80], "val_mae": [11.0, 10.0, 10.0]}
    ).assign(seconds=[100.0, 300.0, 400.0])


def beside(store, code):
    found = convergence.reached(read(store), wanted(11.0, 10.0))
    return fraction_of_cost.beside_published_code(convergence.summarise_reached(found, ["target"]), code)


def test_the_published_codes_seconds_are_divided_by_ours(store, code):
    record(store, [12.0, 11.0, 10.0], seed=0, seconds=10.0)
    record(store, [12.0, 10.5, 10.0], seed=1, seconds=20.0)
    record(store, [10.0], model="CrabNet")
    table = beside(store, code)
    # To 10: 30 and 60 s of ours, mean 45, against the 300 s at which it was first noted.
    assert table[["code_epoch", "code_seconds", "seconds"]].to_numpy().tolist() == [[20, 100, 30], [60, 300, 45]]
    assert table["ratio"].to_numpy() == pytest.approx([100 / 30, 300 / 45])
    assert table[["ratio_low", "ratio_high"]].iloc[1].tolist() == [5.0, 10.0]
    (said,) = fraction_of_cost.by_set(table)
    assert "reached 10.0 GPa by epoch 60, after about 300 s" in said
    assert "after 3 epochs (2 seeds) and 45 (30 to 60) s" in said
    assert said.endswith("the published code took **6.7 times** that (5 to 10 by seed).")


def test_seeds_that_do_not_come_as_low_are_counted_and_make_no_ratio(store, code):
    record(store, [11.0, 10.0], seed=0, seconds=10.0)
    record(store, [11.0, 10.5], seed=1, seconds=10.0)
    table = beside(store, code)
    assert table["ratio"].isna().tolist() == [False, True]
    assert "with 1 of 2 seeds in 60 epochs" not in fraction_of_cost.by_set(table)[0]
    assert "with 1 of 2 seeds in 2 epochs, the quickest after 20 s" in fraction_of_cost.by_set(table)[0]


def test_the_verdict_on_cost_gives_the_ratio_with_an_interval_over_seeds(store, code):
    record(store, [12.0, 11.0, 10.0], seed=0, seconds=10.0)
    record(store, [12.0, 10.5, 10.0], seed=1, seconds=20.0)
    found = fraction_of_cost.verdict(convergence.reached(read(store), wanted(11.0, 10.0)), beside(store, code), "fast")
    (ratio,) = found.ours
    # 300 s against 30 s and 60 s, so that the table of the same trainings says the same.
    assert ratio.value == pytest.approx(300 / 45)
    assert (ratio.n, ratio.counted) == (2, "seed")
    assert ratio.low < 1 < ratio.high
    # Two seeds that differ by a factor of two prove nothing: their mean of 45 s has a standard error of 15 s.
    assert ratio.high / ratio.value == pytest.approx(math.exp(students(1) * 15 / 45))
    assert found.outcome is Outcome.OPEN
    assert "it takes 45 s on AFLOW Bulk modulus: 6.7 times less." in found.sentence
    other = fraction_of_cost.verdict(convergence.reached(read(store), wanted(10.0)), beside(store, code), "transfer")
    assert other.outcome is Outcome.NOT_TESTABLE


def test_ours_and_the_published_codes_numbers_share_no_column(store, code):
    record(store, [11.0, 10.0], seconds=10.0)
    table = fraction_of_cost.published_code_table(beside(store, code), {BULK: "bulk"})
    assert table[fraction_of_cost.THEIRS].to_numpy().tolist() == [["20", "100"], ["60", "300"]]
    ours = table[f"{fraction_of_cost.OURS}, fast recipe"]
    assert ours.to_numpy().tolist() == [["1, n = 1", "10, n = 1", "10"], ["2, n = 1", "20, n = 1", "15"]]
    assert list(table.index) == [("bulk", "11.0"), ("bulk", "10.0")]


def test_the_first_training_is_said_apart_for_each_start(tmp_path, monkeypatch):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    rows = {"recipe": "pretraining", "dataset": "OQMD_Formation_Enthalpy", "training_seconds": [10.0, 30.0]}
    said = fraction_of_cost.first_trainings(pd.DataFrame(rows), ["fast", "transfer"], ["local"])
    assert said == ["The first training, on OQMD Formation enthalpy, took 10 to 30 s (2 seeds)."]
    assert fraction_of_cost.first_trainings(pd.DataFrame(rows), ["fast", "joint-transfer"], ["local"]) == []


def test_the_first_training_is_not_that_of_the_network_that_the_package_ships():
    (said,) = fraction_of_cost.first_trainings(pd.DataFrame(), ["joint-transfer"], ["committed"])
    assert said == "The first training, on all extended sets together, took 1,097 to 2,126 s (5 seeds)."


def test_seconds_beside_the_published_codes_are_of_every_machine_that_had_its_cores_to_itself(store):
    record(store, [10.0], seed=0)
    record(store, [10.0], seed=1)
    record(store, [10.0], seed=0, recipe="transfer", threads=8)
    record(store, [10.0], seed=1, recipe="transfer", load={"start": 3.0, "end": 3.0})
    table = runs.load_curves(runs.load_records([store]), [store])
    assert curves.on_one_machine(table).groupby("recipe")["seconds"].count().to_dict() == {"fast": 2, "transfer": 0}
    assert curves.undisturbed(table).groupby("recipe")["seconds"].count().to_dict() == {"fast": 2, "transfer": 1}


def test_what_the_published_code_was_measured_to_do_is_there_and_falls_with_the_epochs():
    table = benchmarks.published("published_code")
    assert set(table["dataset"]) == {BULK, SHEAR}
    for _, rows in table.groupby("dataset"):
        assert rows["epoch"].is_monotonic_increasing
        assert rows["val_mae"].is_monotonic_decreasing
        assert (rows["epoch"] <= rows["run_epochs"]).all()


# The picture


@pytest.fixture
def two_seeds(store):
    record(store, [12.0, 11.0], seed=1, epochs=2, **PAPER)
    record(store, [14.0, 10.0, 9.0], seed=2, **PAPER)
    return read(store)


def lines(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_the_mean_ends_with_the_shortest_seed_and_the_band_spans_the_seeds(ax, two_seeds):
    assert figures.convergence_curves(two_seeds, ax, "GPa") is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "validation MAE (GPa)")
    assert lines(ax)["L-G-DCNN, paper recipe"].get_xydata().tolist() == [[1.0, 13.0], [2.0, 10.5]]
    assert drawing.RAW in lines(ax)
    band = ax.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == (10.0, 14.0)
    thin = [line.get_xydata().tolist() for line in ax.lines if line.get_label().startswith("_")]
    assert thin == [[[1.0, 12.0], [2.0, 11.0]], [[1.0, 14.0], [2.0, 10.0], [3.0, 9.0]]]


def test_the_line_is_the_lowest_error_so_far_and_the_faint_curve_that_of_each_epoch(ax, store):
    record(store, [12.0, 10.0, 11.0], **PAPER)
    figures.convergence_curves(read(store), ax, "GPa")
    assert lines(ax)["L-G-DCNN, paper recipe"].get_ydata().tolist() == [12.0, 10.0, 10.0]
    (faint,) = (line for line in ax.lines if line.get_label().startswith("_"))
    assert faint.get_ydata().tolist() == [12.0, 10.0, 11.0]
    assert faint.get_alpha() < 0.5


def test_the_legend_says_which_training_is_the_reference(store, drawing_style):
    record(store, [12.0, 10.0], **PAPER)
    figure = figures.convergence_figure(read(store), {BULK: "Bulk modulus (GPa)"}, best={BULK: 10.0}, title="Finding")
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "lowest error of L-G-DCNN, paper recipe (the reference)" in texts
    assert figure.get_suptitle() == "Finding"


def test_networks_and_recipes_look_different_and_the_same_in_every_panel(store, drawing_style):
    for model in ("L-G-DCNN", "CrabNet"):
        record(store, [12.0, 11.0], model=model)
        record(store, [12.0, 11.0], model=model, **PAPER)
    table = read(store)
    _, (left, right) = plt.subplots(1, 2)
    drawn = lines(figures.convergence_curves(table, left, "GPa"))
    del drawn[drawing.RAW]
    assert len({(line.get_color(), line.get_linestyle()) for line in drawn.values()}) == 4
    alone = lines(figures.convergence_curves(table[table["model"] == "CrabNet"], right, "GPa"))
    del alone[drawing.RAW]
    assert {line.get_color() for line in alone.values()} < {line.get_color() for line in drawn.values()}
    assert {line.get_linestyle() for line in alone.values()} == {"--"}


def test_a_panel_says_that_there_is_no_record_or_no_comparable_second(two_seeds, drawing_style):
    _, (left, right) = plt.subplots(1, 2)
    figures.convergence_curves(two_seeds.iloc[:0], left, "GPa", best=None)
    assert left.texts[0].get_text() == "no record"
    figures.convergence_curves(two_seeds.assign(seconds=np.nan), right, "GPa", "seconds")
    assert right.texts[0].get_text() == "seconds of other\nmachines only"


def test_the_published_code_has_marks_of_its_own(ax, two_seeds, code):
    figures.convergence_curves(two_seeds, ax, "GPa", "seconds", measured=code, best=9.0)
    marks = lines(ax)[drawing.MEASURED]
    assert (marks.get_linestyle(), marks.get_marker()) == ("None", "D")
    assert marks.get_xydata().tolist() == [[100.0, 11.0], [300.0, 10.0], [400.0, 10.0]]
    assert lines(ax)[drawing.BEST.format("L-G-DCNN, paper recipe")].get_ydata() == [9.0, 9.0]
